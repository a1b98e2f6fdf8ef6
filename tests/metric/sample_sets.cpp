// Distances between two sets of samples.
#include <Eigen/Geometry>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "scorefield/core/random.hpp"
#include "scorefield/metric.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using Catch::Approx;
using scorefield::test::contains;

namespace {

sf::Matrix<double> normal_set(sf::Index d, sf::Index n, std::int64_t draw) {
  sf::Matrix<double> samples(d, n);
  sf::Random(sf::Seed{7}, "set").normal(sf::view(samples), 0, draw);
  return samples;
}

/// The same samples in another order; 37 and n have no common divisor.
sf::Matrix<double> shuffled(const sf::Matrix<double>& samples) {
  sf::Matrix<double> other(samples.rows(), samples.cols());
  for (sf::Index j = 0; j < samples.cols(); ++j) other.col(j) = samples.col((37 * j + 11) % samples.cols());
  return other;
}

/// The mean of f(|x - y|^2) over the pairs of samples, or over those of different ones.
template <class F>
double mean_over_pairs(const sf::Matrix<double>& x, const sf::Matrix<double>& y, bool same_set, const F& f) {
  double sum = 0;
  for (sf::Index i = 0; i < x.cols(); ++i)
    for (sf::Index j = 0; j < y.cols(); ++j)
      if (!same_set || i != j) sum += f((x.col(i) - y.col(j)).squaredNorm());
  return sum / static_cast<double>(x.cols() * (y.cols() - (same_set ? 1 : 0)));
}

/// Both metrics of a kernel, by loops.
template <class Kernel>
double statistic_of(const sf::Matrix<double>& a, const sf::Matrix<double>& b, const Kernel& kernel) {
  return mean_over_pairs(a, a, true, kernel) + mean_over_pairs(b, b, true, kernel) -
         2 * mean_over_pairs(a, b, false, kernel);
}

/// The jackknife's standard error of f, by leaving each sample out.
template <class F>
double jackknife_of(const sf::Matrix<double>& a, const sf::Matrix<double>& b, const F& f) {
  const auto without = [](const sf::Matrix<double>& of, sf::Index left_out) {
    sf::Matrix<double> rest(of.rows(), of.cols() - 1);
    rest << of.leftCols(left_out), of.rightCols(of.cols() - left_out - 1);
    return rest;
  };
  const auto variance = [&](sf::Index n, const auto& value) {
    sf::Vector<double> values(n);
    for (sf::Index i = 0; i < n; ++i) values(i) = value(i);
    return (values.array() - values.mean()).square().sum() * static_cast<double>(n - 1) / static_cast<double>(n);
  };
  return std::sqrt(variance(a.cols(), [&](sf::Index i) { return f(without(a, i), b); }) +
                   variance(b.cols(), [&](sf::Index i) { return f(a, without(b, i)); }));
}

}  // namespace

TEST_CASE("2-Wasserstein distances of a set and a shifted one are the shift's", "[metric]") {
  for (const sf::Index d : {1, 2, 3, 20}) {
    const auto a = normal_set(d, 101, 0);
    const sf::Vector<double> shift = normal_set(d, 1, 1).col(0);
    const sf::Matrix<double> b = shuffled(a.colwise() + shift);
    CAPTURE(d);
    CHECK(sf::wasserstein(a, b) == Approx(shift.norm()));
    CHECK(sf::wasserstein(a, shuffled(a)) == 0);
    CHECK(sf::sliced_wasserstein(a, shuffled(a)).value < 1e-14);  // of projections, which are rounded
    // Each direction sees its part of the shift; of the whole a share of 1 / d on average.
    const auto sliced = sf::sliced_wasserstein(a, b);
    if (d == 1) CHECK(sliced.value == Approx(shift.norm()));
    if (d == 2) CHECK(sliced.value == Approx(shift.norm() / std::sqrt(2)));  // to which equidistant directions sum
    if (d > 2)
      CHECK(std::abs(sliced.value - shift.norm() / std::sqrt(static_cast<double>(d))) < 4 * sliced.standard_error);
    CHECK((sliced.standard_error > 0) == (d > 2));
  }
}

TEST_CASE("the sliced 2-Wasserstein distance compares quantiles of sets of other sizes", "[metric]") {
  const sf::Matrix<double> a{{3, 0, 1}}, b{{5, 2}};
  // Thirds 0, 1, 3 against halves 2, 5: on [0, 1/3) 2, on [1/3, 1/2) 1, on [1/2, 2/3) 4, on [2/3, 1) 2.
  const double expected = std::sqrt(4 / 3.0 + 1 / 6.0 + 16 / 6.0 + 4 / 3.0);
  CHECK(sf::sliced_wasserstein(a, b).value == Approx(expected));
  CHECK(sf::sliced_wasserstein(b, a).value == Approx(expected));
  // Repeated samples are the same distribution.
  const auto once = normal_set(3, 35, 2);
  sf::Matrix<double> twice(3, 70);
  twice << once, once;
  CHECK(sf::sliced_wasserstein(once, twice).value < 1e-14);
}

TEST_CASE("the exact 2-Wasserstein distance of normal samples comes to the closed form", "[metric]") {
  const auto a = normal_set(2, 1500, 0), b = normal_set(2, 1500, 1);
  const sf::Matrix<double> stretched =
      (b.array().colwise() * Eigen::Array2d(3, 1)).matrix().colwise() + Eigen::Vector2d(1, -1);
  // |m|^2 + sum (s_a - s_b)^2 = 2 + 4; 1,500 samples move means and deviations by 3 / sqrt(1500) = 0.08 or less, and
  // are apart by 0.03 of themselves.
  CHECK(sf::wasserstein(a, stretched) == Approx(std::sqrt(6)).margin(0.15));
  CHECK(sf::wasserstein(a, b) < 0.25);
}

TEST_CASE("the exact 2-Wasserstein distance is that of the sorted on a line", "[metric]") {
  auto a = normal_set(1, 300, 0), b = normal_set(1, 300, 1);
  const double exact = sf::wasserstein(a, b);
  CHECK(exact == Approx(sf::sliced_wasserstein(a, b).value));
  std::ranges::sort(a.reshaped());
  std::ranges::sort(b.reshaped());
  CHECK(exact == Approx((a - b).norm() / std::sqrt(300)));
}

TEST_CASE("energy distance and mean discrepancy are sums over pairs, with the jackknife's error", "[metric]") {
  // Larger than a tile in one direction, and of many dimensions, far from the origin.
  for (const auto& [d, n, m] : {std::array{1, 5, 3}, std::array{2, 40, 33}, std::array{30, 12, 290}}) {
    const sf::Matrix<double> a = normal_set(d, n, 0).array() + 100, b = 1.5 * normal_set(d, m, 1).array() + 100.5;
    const auto root = [](double square) { return -std::sqrt(square); };
    const auto gauss = [](double square) { return std::exp(-square / (2 * 0.8 * 0.8)); };
    const auto energy = sf::energy_distance(a, b);
    const auto discrepancy = sf::maximum_mean_discrepancy(a, b, {.bandwidth = 0.8});
    CAPTURE(d, n, m);
    // Differences of squares of up to 100 around the mean are off by 1e-14.
    CHECK(energy.value == Approx(statistic_of(a, b, root)).margin(1e-11));
    CHECK(discrepancy.value == Approx(statistic_of(a, b, gauss)).margin(1e-11));
    if (n * m > 2000) continue;
    CHECK(energy.standard_error ==
          Approx(jackknife_of(a, b, [&](const auto& x, const auto& y) { return statistic_of(x, y, root); })));
    CHECK(discrepancy.standard_error ==
          Approx(jackknife_of(a, b, [&](const auto& x, const auto& y) { return statistic_of(x, y, gauss); })));
  }
}

TEST_CASE("energy distance and mean discrepancy come to the closed forms of normal distributions", "[metric]") {
  const auto a = normal_set(1, 2000, 0);
  const sf::Matrix<double> b = normal_set(1, 2000, 1).array() + 1;
  // |x - y| of N(m, s^2) is s sqrt(2 / pi) exp(-m^2 / (2 s^2)) + m (1 - 2 Phi(-m / s)) on average.
  const double pi = std::numbers::pi, s = std::sqrt(2.0), phi = 0.5 * std::erfc(1 / s / std::sqrt(2.0));
  const double between = s * std::sqrt(2 / pi) * std::exp(-0.25) + 1 - 2 * phi, within = s * std::sqrt(2 / pi);
  const auto energy = sf::energy_distance(a, b);
  CHECK(std::abs(energy.value - 2 * (between - within)) < 4 * energy.standard_error);
  CHECK(energy.standard_error < 0.1 * energy.value);
  // The Gaussian kernel of width h meets N(m, 2): h / sqrt(h^2 + 2) exp(-m^2 / (2 (h^2 + 2))) on average.
  const auto discrepancy = sf::maximum_mean_discrepancy(a, b, {.bandwidth = 1});
  CHECK(std::abs(discrepancy.value - 2 / std::sqrt(3.0) * (1 - std::exp(-1 / 6.0))) < 4 * discrepancy.standard_error);
  CHECK(discrepancy.standard_error < 0.1 * discrepancy.value);
}

TEST_CASE("samples of one distribution are as near as standard errors say", "[metric]") {
  // Under the null the statistic is no sum of independent parts, and its jackknife error somewhat too large.
  int energies = 0, discrepancies = 0, accuracies = 0;
  for (std::int64_t draw = 0; draw < 20; ++draw) {
    const auto a = normal_set(3, 60, 2 * draw), b = normal_set(3, 60, 2 * draw + 1);
    const auto energy = sf::energy_distance(a, b), discrepancy = sf::maximum_mean_discrepancy(a, b);
    const auto accuracy = sf::classifier_two_sample(a, b);
    energies += std::abs(energy.value) < 3 * energy.standard_error;
    discrepancies += std::abs(discrepancy.value) < 3 * discrepancy.standard_error;
    accuracies += std::abs(accuracy.value - 0.5) < 3 * accuracy.standard_error;
  }
  CHECK(energies >= 18);
  CHECK(discrepancies >= 18);
  CHECK(accuracies >= 18);
}

TEST_CASE("point masses are apart by what their distance says", "[metric]") {
  const sf::Matrix<double> a = sf::Matrix<double>::Constant(2, 5, 1), b = a.array() + 3;
  const double distance = 3 * std::sqrt(2.0);
  CHECK(sf::wasserstein(a, b) == Approx(distance));
  CHECK(sf::energy_distance(a, b).value == Approx(2 * distance));
  CHECK(sf::energy_distance(a, b).standard_error < 1e-7);
  CHECK(sf::energy_distance(a, a).value == 0);
  CHECK(sf::maximum_mean_discrepancy(a, b).value == Approx(2 * (1 - std::exp(-0.5))));  // the median is the distance
  CHECK(sf::classifier_two_sample(a, b).value == 1);
  CHECK(sf::classifier_two_sample(a, b).standard_error == 0);
  CHECK(sf::frechet_distance(a, b) == Approx(18));
  CHECK_THROWS_WITH(sf::maximum_mean_discrepancy(a, a), contains("a bandwidth above 0, got 0"));
}

TEST_CASE("nearest neighbours tell sets that are apart, and not copies", "[metric]") {
  const auto a = normal_set(2, 300, 0);
  CHECK(sf::classifier_two_sample(a, shuffled(a)).value == 0);
  const sf::Matrix<double> away = normal_set(2, 300, 1).array() + 20;
  CHECK(sf::classifier_two_sample(a, away).value == 1);
  const auto some =
      sf::classifier_two_sample(sf::Matrix<double>{{0, 1, 10, 11}}, sf::Matrix<double>{{-0.9, -3, 30, 31}});
  CHECK(some.value == 6 / 8.0);  // 0 and -0.9 are nearest to each other
  CHECK(some.standard_error == Approx(std::sqrt(3.0 / 16 / 8)));
}

TEST_CASE("the Fréchet distance is that of means and covariances", "[metric]") {
  // Samples whose covariances are diagonal, (n - 1) C = diag(8, 2) and diag(18, 8) with n = 5.
  const sf::Matrix<double> a{{2, -2, 0, 0, 0}, {0, 0, 1, -1, 0}}, b{{3, -3, 0, 0, 0}, {0, 0, 2, -2, 0}};
  const double expected = 25 + std::pow(std::sqrt(4.5) - std::sqrt(2), 2) + std::pow(std::sqrt(2) - std::sqrt(0.5), 2);
  const Eigen::Vector2d shift(3, 4);
  CHECK(sf::frechet_distance(a, b.colwise() + shift) == Approx(expected));
  // It does not depend on the axes, nor on which set is first.
  const Eigen::Rotation2Dd turn(0.7);
  const sf::Matrix<double> turned_a = turn.matrix() * a, turned_b = turn.matrix() * (b.colwise() + shift);
  CHECK(sf::frechet_distance(turned_b, turned_a) == Approx(expected));
  // Of fewer samples than features, with themselves; 1e-8 is the root of a rounding.
  const auto few = normal_set(40, 10, 0);
  CHECK(sf::frechet_distance(few, shuffled(few)) < 1e-6);
}

TEST_CASE("threads change no bit of a metric", "[metric]") {
  const auto a = normal_set(5, 700, 0), b = normal_set(5, 700, 1);
  const auto same = [](const sf::Measured& x, const sf::Measured& y) {
    return x.value == y.value && x.standard_error == y.standard_error;
  };
  CHECK(same(sf::sliced_wasserstein(a, b, {.threads = 1}), sf::sliced_wasserstein(a, b, {.threads = 3})));
  CHECK(same(sf::energy_distance(a, b, 1), sf::energy_distance(a, b, 3)));
  CHECK(same(sf::maximum_mean_discrepancy(a, b, {.threads = 1}), sf::maximum_mean_discrepancy(a, b, {.threads = 3})));
  CHECK(same(sf::classifier_two_sample(a, b, 1), sf::classifier_two_sample(a, b, 3)));
  const sf::Matrix<double> less_a = a.leftCols(150), less_b = b.leftCols(150);
  CHECK(sf::wasserstein(less_a, less_b, 1) == sf::wasserstein(less_a, less_b, 3));
}

TEST_CASE("distances of sets take floats", "[metric]") {
  const sf::Matrix<float> a = normal_set(2, 20, 0).cast<float>(), b = normal_set(2, 20, 1).cast<float>();
  const sf::Matrix<double> c = a.cast<double>(), d = b.cast<double>();
  CHECK(sf::sliced_wasserstein(a, b).value == sf::sliced_wasserstein(c, d).value);
  CHECK(sf::wasserstein(a, b) == sf::wasserstein(c, d));
  CHECK(sf::energy_distance(a, b).value == sf::energy_distance(c, d).value);
  CHECK(sf::maximum_mean_discrepancy(a, b).value == sf::maximum_mean_discrepancy(c, d).value);
  CHECK(sf::classifier_two_sample(a, b).value == sf::classifier_two_sample(c, d).value);
  CHECK(sf::frechet_distance(a, b) == sf::frechet_distance(c, d));
}

TEST_CASE("distances of sets refuse what they cannot work with", "[metric]") {
  const sf::Matrix<double> none(2, 0), four = normal_set(2, 4, 0), three_rows = normal_set(3, 4, 0);
  sf::Matrix<double> bad = four;
  bad(1, 2) = std::numeric_limits<double>::quiet_NaN();
  const auto refuses = [&](const auto& metric) {
    CHECK_THROWS_WITH(metric(four, none), contains("at least one row and one column"));
    CHECK_THROWS_WITH(metric(four, three_rows), contains("2 and 3"));
    CHECK_THROWS_AS(metric(bad, four), sf::NonFinite);
    CHECK_THROWS_WITH(metric(four, bad), contains("a NaN or an infinity in sample 2"));
  };
  refuses([](const auto& a, const auto& b) { sf::sliced_wasserstein(a, b); });
  refuses([](const auto& a, const auto& b) { sf::wasserstein(a, b); });
  refuses([](const auto& a, const auto& b) { sf::energy_distance(a, b); });
  refuses([](const auto& a, const auto& b) { sf::maximum_mean_discrepancy(a, b); });
  refuses([](const auto& a, const auto& b) { sf::classifier_two_sample(a, b); });
  refuses([](const auto& a, const auto& b) { sf::frechet_distance(a, b); });
  const sf::Matrix<double> two = four.leftCols(2), one = four.leftCols(1), many = sf::Matrix<double>::Zero(1, 4001);
  CHECK_THROWS_AS(sf::sliced_wasserstein(four, four, {.directions = 1}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::wasserstein(four, two), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::wasserstein(many, many), contains("up to 4000, got 4001 and 4001"));
  CHECK_THROWS_WITH(sf::energy_distance(four, two), contains("at least three samples in each set, got 4 and 2"));
  CHECK_THROWS_AS(sf::maximum_mean_discrepancy(two, four), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::maximum_mean_discrepancy(four, four, {.bandwidth = -1}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::classifier_two_sample(four, two), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::classifier_two_sample(one, one), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::frechet_distance(four, one), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::energy_distance(four, four, -1), sf::InvalidArgument);
}
