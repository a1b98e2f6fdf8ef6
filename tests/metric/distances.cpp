#include <cmath>
#include <limits>

#include "scorefield/core/random.hpp"
#include "scorefield/metric/correlation.hpp"
#include "scorefield/metric/kolmogorov_smirnov.hpp"
#include "scorefield/metric/nearest_neighbour.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using Catch::Approx;
using scorefield::test::contains;

TEST_CASE("the Kolmogorov-Smirnov distance is that of empirical distribution functions", "[metric]") {
  const sf::Matrix<double> a{{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 1, 1, 1}, {1, 2, 2, 3}};
  const sf::Matrix<float> b{{1, 2}, {5, 6}, {1, 1}, {2, 2}};
  const auto distances = sf::kolmogorov_smirnov(a, b);
  CHECK(distances(0) == Approx(0.5));
  CHECK(distances(1) == 1);
  CHECK(distances(2) == 0);
  CHECK(distances(3) == Approx(0.25));  // before 2, and after it
  CHECK(sf::kolmogorov_smirnov(b, a) == distances);
  CHECK(sf::kolmogorov_smirnov(sf::Matrix<double>{{3.0}}, sf::Matrix<double>{{2.0}})(0) == 1);
}

TEST_CASE("samples of one distribution are near in the Kolmogorov-Smirnov distance", "[metric]") {
  sf::Matrix<double> a(40, 500), b(40, 500);
  sf::Random(sf::Seed{1}, "a").normal(sf::view(a), 0, 0);
  sf::Random(sf::Seed{1}, "b").normal(sf::view(b), 0, 0);
  const double critical = 1.36 * std::sqrt(2.0 / 500);
  // Of 40 rows two are expected beyond; more than seven are in one case of a thousand.
  CHECK((sf::kolmogorov_smirnov(a, b).array() > critical).count() <= 7);
  CHECK((sf::kolmogorov_smirnov(a, (b.array() + 0.3).matrix()).array() > critical).count() >= 33);
}

TEST_CASE("correlations are those of Pearson", "[metric]") {
  const sf::Matrix<double> samples{{1, 2, 3, 4},   {2, 4, 6, 8}, {4, 3, 2, 1},
                                   {1, -1, -1, 1}, {7, 7, 7, 7}, {1, 2, 3, 5}};
  const auto all = sf::correlation(samples);
  CHECK(all(0, 0) == Approx(1));
  CHECK(all(0, 1) == Approx(1));
  CHECK(all(0, 2) == Approx(-1));
  CHECK(std::abs(all(0, 3)) < 1e-15);
  CHECK(all(4, 4) == 0);
  CHECK(all(4, 0) == 0);
  CHECK(all(0, 5) == Approx(6.5 / std::sqrt(5 * 8.75)));  // sums of squares and products around the means
  CHECK(all == all.transpose());
  CHECK(sf::correlation(1e-200 * samples)(0, 5) == Approx(all(0, 5)));
  CHECK(sf::correlation((1e200 * samples).eval())(0, 5) == Approx(all(0, 5)));
}

TEST_CASE("correlations with a constant are 0, however its mean is rounded", "[metric]") {
  const sf::Matrix<double> samples{{0.1, 0.1, 0.1}, {1, 2, 4}, {1e308, 1e308, 1e308}};
  const auto all = sf::correlation(samples);
  CHECK(all(1, 1) == Approx(1));
  CHECK(all.cwiseAbs().sum() == all(1, 1));
}

TEST_CASE("correlations are those of numbers near the largest and the least, too", "[metric]") {
  const sf::Matrix<double> samples{{1, 1.5, -1.7, 1.2}, {1, 2, 3, 5}};
  const double expected = sf::correlation(samples)(0, 1);
  sf::Matrix<double> mixed = samples;
  mixed.row(0) *= 1e308;
  CHECK(sf::correlation(mixed)(0, 1) == Approx(expected));
  mixed.row(1) *= 1e-300;
  CHECK(sf::correlation(mixed)(0, 1) == Approx(expected));
}

TEST_CASE("nearest neighbours are found, and a sample is not its own", "[metric]") {
  const sf::Matrix<double> samples{{0, 3, 10}, {0, 4, 0}}, others{{0, 6}, {1, 8}};
  CHECK(sf::nearest_distances(samples, others) == sf::Vector<double>{{1, std::sqrt(18.0), std::sqrt(80.0)}});
  CHECK(sf::nearest_distances(samples) == sf::Vector<double>{{5, 5, std::sqrt(65.0)}});
  CHECK(sf::nearest_distances(samples, samples) == sf::Vector<double>::Zero(3));
}

TEST_CASE("metrics take expressions of either scalar", "[metric]") {
  const sf::Matrix<double> a{{0, 3, 10}, {0, 4, 0}}, twice = 2 * a;
  const Eigen::Matrix<float, 2, 3, Eigen::RowMajor> single = a.cast<float>();
  CHECK(sf::nearest_distances(single.leftCols(2), 2 * a) == sf::nearest_distances(a.leftCols(2), twice));
  CHECK(sf::nearest_distances(2 * single) == sf::nearest_distances(twice));
  CHECK(sf::kolmogorov_smirnov(2 * a, single.rightCols(2)) == sf::kolmogorov_smirnov(twice, a.rightCols(2)));
  CHECK(sf::correlation(2 * single) == sf::correlation(twice));
  CHECK(sf::correlation(sf::Matrix<double>::Identity(2, 2) * a) == sf::correlation(a));
}

TEST_CASE("metrics take one sample", "[metric]") {
  const sf::Matrix<double> one{{0.0}, {3.0}}, other{{4.0}, {3.0}};
  CHECK(sf::kolmogorov_smirnov(one, other) == sf::Vector<double>{{1, 0}});
  CHECK(sf::correlation(one) == sf::Matrix<double>::Zero(2, 2));
  CHECK(sf::nearest_distances(one, other) == sf::Vector<double>::Constant(1, 4));
}

TEST_CASE("metrics refuse sets that are empty, of other rows, or not finite", "[metric]") {
  const sf::Matrix<double> none(2, 0);
  sf::Matrix<double> bad = sf::Matrix<double>::Zero(2, 3);
  bad(1, 1) = std::numeric_limits<double>::quiet_NaN();
  const sf::Matrix<double> zeros = sf::Matrix<double>::Zero(2, 3);
  CHECK_THROWS_WITH(sf::kolmogorov_smirnov(zeros, none), contains("at least one row and one column"));
  CHECK_THROWS_WITH(sf::kolmogorov_smirnov(zeros, sf::Matrix<double>::Zero(3, 3)), contains("2 and 3"));
  CHECK_THROWS_AS(sf::kolmogorov_smirnov(zeros, bad), sf::NonFinite);
  CHECK_THROWS_AS(sf::correlation(none), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::correlation(bad), sf::NonFinite);
  CHECK_THROWS_WITH(sf::correlation(bad), contains("expected finite numbers, got a NaN or an infinity in sample 1"));
  CHECK_THROWS_AS(sf::nearest_distances(zeros, sf::Matrix<double>::Zero(3, 3)), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::nearest_distances(none), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::nearest_distances(zeros.leftCols(1)), contains("at least two samples"));
}
