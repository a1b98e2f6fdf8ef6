#include "scorefield/posterior/linear_operator.hpp"

#include <limits>
#include <utility>

#include "scorefield/posterior/linear_measurement.hpp"

#include "posterior/mixture_model.hpp"
#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

template <class Scalar>
sf::Matrix<Scalar> image_of(const sf::LinearOperator<Scalar>& of, const sf::Matrix<Scalar>& x) {
  sf::Matrix<Scalar> out = sf::Matrix<Scalar>::Constant(of.rows, x.cols(), 7);
  of.apply(sf::view(x), sf::view(out));
  return out;
}

}  // namespace

TEMPLATE_TEST_CASE("operators are what they say, and have their transposes", "[posterior]", float, double) {
  const sf::Matrix<TestType> a = test::normal_numbers<TestType>(5, 12, "a"),
                             x = test::normal_numbers<TestType>(12, 3, "x");
  const auto of_matrix = sf::matrix_operator(a);
  CHECK((image_of(of_matrix, x) - a * x).cwiseAbs().maxCoeff() < 50 * test::Tolerance<TestType>::epsilon);
  const auto selection = sf::selection_operator<TestType>(12, {7, 0, 11});
  const auto selected = image_of(selection, x);
  CHECK(selected.row(0) == x.row(7));
  CHECK(selected.row(2) == x.row(11));

  // Two channels, and kernels that are not square, not symmetric, or larger than the image.
  const sf::ImageShape shape{.height = 2, .width = 3, .channels = 2};
  for (const auto& [height, width] : {std::pair{3, 5}, std::pair{1, 1}, std::pair{7, 9}}) {
    const sf::Matrix<TestType> kernel = test::normal_numbers<TestType>(height, width, "kernel");
    const auto convolution = sf::convolution_operator(shape, kernel);
    const auto blurred = image_of(convolution, x);
    for (sf::Index r = 0; r < 2; ++r)
      for (sf::Index c = 0; c < 3; ++c)
        for (sf::Index channel = 0; channel < 2; ++channel) {
          TestType sum = 0;
          for (sf::Index i = 0; i < height; ++i)
            for (sf::Index j = 0; j < width; ++j)
              if (const sf::Index y = r - i + height / 2, z = c - j + width / 2; y >= 0 && y < 2 && z >= 0 && z < 3)
                sum += kernel(i, j) * x((y * 3 + z) * 2 + channel, 1);
          CHECK(blurred((r * 3 + c) * 2 + channel, 1) ==
                Catch::Approx(sum).margin(100 * test::Tolerance<TestType>::epsilon));
        }
    CHECK_NOTHROW(sf::check_transpose("test", convolution));
  }
  CHECK_NOTHROW(sf::check_transpose("test", of_matrix));
  CHECK_NOTHROW(sf::check_transpose("test", selection));
}

TEST_CASE("operators that are not linear, or whose transposes are others, are refused", "[posterior]") {
  const auto good = sf::matrix_operator(test::normal_numbers<float>(4, 9, "good"));
  const sf::Vector<float> y = sf::Vector<float>::Ones(4);
  CHECK_NOTHROW(sf::LinearMeasurement<float>(good, y, 0.1));
  auto bad = good;
  bad.transpose = [&](sf::ConstMatrixView<float> v, sf::MatrixView<float> x) {
    good.transpose(v, x);
    x.row(8) *= 1.001f;
  };
  CHECK_THROWS_WITH(sf::LinearMeasurement<float>(bad, y, 0.1), contains("LinearMeasurement: expected a linear operator "
                                                                        "with its transpose"));
  bad = good;
  bad.apply = [&](sf::ConstMatrixView<float> x, sf::MatrixView<float> to) {
    good.apply(x, to);
    to.array() += 0.01f;
  };
  CHECK_THROWS_WITH(sf::LinearMeasurement<float>(bad, y, 0.1), contains("<A x, v> = <x, A^T v>"));
  bad.apply = [](sf::ConstMatrixView<float>, sf::MatrixView<float> to) {
    to.setConstant(std::numeric_limits<float>::quiet_NaN());
  };
  CHECK_THROWS_AS(sf::LinearMeasurement<float>(bad, y, 0.1), sf::NonFinite);
  bad.transpose = nullptr;
  CHECK_THROWS_WITH(sf::LinearMeasurement<float>(bad, y, 0.1), contains("4 x 9, without transpose"));

  CHECK_THROWS_WITH(sf::selection_operator<float>(3, {1, 3}), contains("different entries from 0 to 2, got 3"));
  CHECK_THROWS_WITH(sf::selection_operator<float>(3, {1, 1}), contains("got 1"));
  CHECK_THROWS_WITH(sf::convolution_operator<float>({4, 4, 1}, sf::Matrix<float>::Ones(2, 3)), contains("got 2 x 3"));
  CHECK_THROWS_AS(sf::convolution_operator<float>({4, 0, 1}, sf::Matrix<float>::Ones(3, 3)), sf::InvalidArgument);
}

TEST_CASE("measurements refuse numbers that are none", "[posterior]") {
  const auto of = sf::matrix_operator(test::normal_numbers<double>(2, 3, "small"));
  const sf::Vector<double> y{{1, 2}};
  CHECK_THROWS_WITH(sf::LinearMeasurement<double>(of, sf::Vector<double>::Ones(3), 0.1), contains("got 3 and 3"));
  CHECK_THROWS_WITH(sf::LinearMeasurement<double>(of, y, sf::Vector<double>::Ones(1)), contains("got 2 and 1"));
  CHECK_THROWS_WITH(sf::LinearMeasurement<double>(of, y, -0.1), contains("finite deviations from 0 on, got -0.1"));
  CHECK_THROWS_AS(sf::LinearMeasurement<double>(of, y, std::numeric_limits<double>::quiet_NaN()), sf::InvalidArgument);
  CHECK_THROWS_AS(
      sf::LinearMeasurement<double>(of, sf::Vector<double>{{1, std::numeric_limits<double>::infinity()}}, 0),
      sf::NonFinite);
}
