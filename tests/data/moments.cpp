#include "scorefield/data/moments.hpp"

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

TEMPLATE_TEST_CASE("moments of data far from 0 are exact to rounding", "[data]", float, double) {
  // More samples than a chunk, with a deviation of a hundredth of their mean.
  constexpr sf::Index d = 4, n = 700;
  const sf::Matrix<TestType> x =
      (test::normals<TestType>(d, d, "mixing") * test::normals<TestType>(d, n, "data")).array() + TestType(100);
  const sf::Matrix<double> exact = x.template cast<double>();
  const sf::Vector<double> mean = exact.rowwise().mean();
  const sf::Matrix<double> centred = exact.colwise() - mean;
  const sf::Matrix<double> covariance = centred * centred.transpose() / static_cast<double>(n);

  const auto diagonal = sf::principal_moments<TestType>(x, sf::Covariance::diagonal);
  CHECK((diagonal.mean - mean).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((diagonal.variance - covariance.diagonal()).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(diagonal.axes.rows() == d);
  CHECK(diagonal.axes.cols() == 0);

  const auto full = sf::principal_moments<TestType>(x, sf::Covariance::full);
  CHECK(full.mean == diagonal.mean);
  CHECK((full.axes.transpose() * full.axes).isIdentity(1e-13));
  CHECK((full.axes * full.variance.asDiagonal() * full.axes.transpose() - covariance).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("data that do not vary have variances of 0, not below", "[data]") {
  const sf::Matrix<double> x = test::normals<double>(3, 1, "data").replicate(1, 300);
  for (const auto covariance : {sf::Covariance::diagonal, sf::Covariance::full}) {
    const auto moments = sf::principal_moments<double>(x, covariance);
    CHECK(moments.mean == x.col(0));
    CHECK(moments.variance == sf::Vector<double>::Zero(3));
  }
  // On a line through the plane, up to rounding.
  const sf::Matrix<double> line = test::normals<double>(3, 1, "line") * test::normals<double>(1, 300, "data");
  const auto variance = sf::principal_moments<double>(line, sf::Covariance::full).variance;
  CHECK(variance.minCoeff() >= 0);
  CHECK(variance(1) < 1e-14 * variance(2));
}

TEST_CASE("a full covariance that no memory holds is refused with its size", "[data]") {
  const sf::Matrix<float> x = sf::Matrix<float>::Zero(100'000, 2);
  CHECK_THROWS_AS(sf::principal_moments<float>(x, sf::Covariance::full), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::principal_moments<float>(x, sf::Covariance::full),
                    test::contains("expected samples of at most 20000 numbers for a full covariance, got 100000, whose "
                                   "covariance would take 80 GB; use Covariance::diagonal"));
  CHECK(sf::principal_moments<float>(x, sf::Covariance::diagonal).variance.size() == 100'000);
  CHECK_THROWS_WITH(sf::principal_moments<float>(sf::Matrix<float>::Zero(20'001, 1), sf::Covariance::full),
                    test::contains("would take 3.2 GB"));
}
