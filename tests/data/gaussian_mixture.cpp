#include "scorefield/data/toy/gaussian_mixture.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

sf::GaussianMixture<double> line_mixture() {
  return {sf::Vector<double>{{1, 3}},
          sf::Matrix<double>{{-1.5, 1}},
          {sf::Matrix<double>{{0.25}}, sf::Matrix<double>{{1.44}}}};
}

template <class Scalar = double>
sf::GaussianMixture<Scalar> plane_mixture() {
  using M = sf::Matrix<Scalar>;
  return {sf::Vector<Scalar>{{Scalar(0.5), Scalar(0.3), Scalar(0.2)}},
          M{{-1, 2, 0}, {0, 1, -2}},
          {M{{2, Scalar(0.7)}, {Scalar(0.7), 1}}, M{{Scalar(0.3), Scalar(-0.2)}, {Scalar(-0.2), Scalar(0.5)}},
           M{{Scalar(0.8), 0}, {0, Scalar(0.1)}}}};
}

/// A grid over the square [-4, 4]^2, a point a column.
template <class Scalar = double>
sf::Matrix<Scalar> grid_points() {
  sf::Matrix<Scalar> x(2, 81);
  for (sf::Index j = 0; j < 81; ++j) x.col(j) << static_cast<Scalar>(j % 9 - 4), static_cast<Scalar>(j / 9 - 4);
  return x;
}

/// The sample mean and covariance of columns lie within five deviations of the mixture's. The deviation of a sample
/// covariance is bounded by that of products with the fourth moments of the sample itself.
void check_moments(const sf::Matrix<double>& x, const sf::GaussianMixture<double>& of) {
  const auto n = static_cast<double>(x.cols());
  const sf::Matrix<double> centred = x.colwise() - of.mean();
  const sf::Matrix<double> covariance = of.covariance();
  for (sf::Index i = 0; i < x.rows(); ++i) {
    CHECK(std::abs(centred.row(i).mean()) < 5 * std::sqrt(covariance(i, i) / n));
    for (sf::Index j = 0; j < x.rows(); ++j) {
      const auto product = (centred.row(i).array() * centred.row(j).array()).eval();
      const double deviation = std::sqrt((product - product.mean()).square().mean() / n);
      CHECK(std::abs(product.mean() - covariance(i, j)) < 5 * deviation);
    }
  }
}

}  // namespace

TEST_CASE("one normal has the textbook density and score", "[data]") {
  const sf::GaussianMixture<double> normal(sf::Vector<double>{{2.0}}, sf::Matrix<double>{{1}},
                                           {sf::Matrix<double>{{4}}});
  const sf::Matrix<double> x{{1, 3}};
  CHECK(normal.weights()(0) == 1);
  CHECK(normal.log_density(x)(0) == Catch::Approx(-std::log(2 * std::sqrt(2 * std::numbers::pi))));
  CHECK(normal.log_density(x)(1) == Catch::Approx(-std::log(2 * std::sqrt(2 * std::numbers::pi)) - 0.5));
  CHECK(normal.score(x)(0) == Catch::Approx(0).margin(1e-15));
  CHECK(normal.score(x)(1) == Catch::Approx(-0.5));
}

TEST_CASE("the density of a mixture integrates to 1", "[data]") {
  // The trapezoidal rule on a smooth density that vanishes at the ends is exact to rounding; what is left out of the
  // grids is beyond 9 deviations of the widest component.
  SECTION("on a line") {
    const auto mixture = line_mixture();
    const sf::Matrix<double> x = Eigen::RowVectorXd::LinSpaced(2401, -12, 12);
    CHECK(mixture.log_density(x).array().exp().sum() * 0.01 == Catch::Approx(1).epsilon(1e-12));
  }
  SECTION("in the plane") {
    const auto mixture = plane_mixture();
    double total = 0;
    for (int row = -140; row <= 140; ++row) {
      sf::Matrix<double> x(2, 281);
      x.row(0).setLinSpaced(-14, 14);
      x.row(1).setConstant(0.1 * row);
      total += mixture.log_density(x).array().exp().sum() * 0.01;
    }
    CHECK(total == Catch::Approx(1).epsilon(1e-10));
  }
}

TEST_CASE("the score of a mixture is the gradient of its log density", "[data]") {
  const auto mixture = plane_mixture();
  const auto x = grid_points();
  const auto score = mixture.score(x);
  // Central differences: h^2 times third derivatives of order 10, plus rounding 1e-15 * 100 / h.
  constexpr double h = 1e-5;
  for (sf::Index i = 0; i < 2; ++i) {
    sf::Matrix<double> above = x, below = x;
    above.row(i).array() += h;
    below.row(i).array() -= h;
    const sf::Vector<double> slope = (mixture.log_density(above) - mixture.log_density(below)) / (2 * h);
    CHECK((slope - score.row(i).transpose()).cwiseAbs().maxCoeff() < 2e-7);
  }
}

TEST_CASE("the score of a mixture goes to memory of the caller, also in place", "[data]") {
  const auto mixture = plane_mixture();
  auto x = grid_points();
  const auto expected = mixture.score(x);
  mixture.score({x.data(), x.rows(), x.cols()}, sf::view(x));
  CHECK(x == expected);
}

TEST_CASE("the score of a mixture is finite where all densities underflow", "[data]") {
  const auto mixture = plane_mixture<float>();
  const sf::Matrix<float> far{{1000, -1000, 0}, {0, 1000, 1e6f}};
  CHECK(mixture.log_density(far).maxCoeff() < -1e5f);
  CHECK(mixture.score(far).allFinite());
}

TEST_CASE("float and double mixtures agree", "[data]") {
  const auto x = grid_points();
  const sf::Matrix<double> difference =
      plane_mixture<float>().score(grid_points<float>()).template cast<double>() - plane_mixture().score(x);
  CHECK(difference.cwiseAbs().maxCoeff() < 1e-4);  // scores of up to 50 in steps of 4e-6
}

TEST_CASE("draws of a mixture have its moments", "[data]") {
  constexpr sf::Index n = 100'000;
  check_moments(plane_mixture().sample(n, sf::Seed{5}), plane_mixture());
  check_moments(line_mixture().sample(n, sf::Seed{6}), line_mixture());
}

TEST_CASE("a draw of a mixture is the start of a longer one", "[data]") {
  const auto mixture = plane_mixture<float>();
  const auto many = mixture.sample(500, sf::Seed{9});
  CHECK(mixture.sample(33, sf::Seed{9}) == many.leftCols(33));
  CHECK(mixture.sample(500, sf::Seed{10}) != many);
  CHECK_THROWS_AS(mixture.sample(-1, sf::Seed{}), sf::InvalidArgument);
}

TEST_CASE("the evolved mixture is that of scaled draws with noise", "[data]") {
  constexpr sf::Index n = 100'000;
  constexpr double signal = 0.6, deviation = 0.8;
  const auto mixture = plane_mixture();
  const auto evolved = mixture.evolved(signal, deviation);
  sf::Matrix<double> x(2, n);
  sf::Random(sf::Seed{4}, "noise of this test").normal(sf::view(x), 0, 0);
  x = signal * mixture.sample(n, sf::Seed{3}) + deviation * x;
  check_moments(x, evolved);
  // Moments do not see the shape. The mean of density(x) does: it is the integral of density^2.
  const auto own = evolved.log_density(evolved.sample(n, sf::Seed{8})).array().exp().eval();
  const auto transformed = evolved.log_density(x).array().exp().eval();
  const double error = std::sqrt(2 * (own - own.mean()).square().mean() / static_cast<double>(n));
  CHECK(std::abs(own.mean() - transformed.mean()) < 5 * error);
}

TEST_CASE("the limits of evolution", "[data]") {
  const auto mixture = plane_mixture();
  const auto x = grid_points();
  CHECK(mixture.evolved(1, 0).score(x) == mixture.score(x));
  // Nothing left of the data: the standard normal, whose score is -x.
  CHECK((mixture.evolved(0, 1).score(x) + x).cwiseAbs().maxCoeff() < 1e-14);
  CHECK_THROWS_AS(mixture.evolved(0, 0), sf::InvalidArgument);
  CHECK_THROWS_AS(mixture.evolved(1, -1), sf::InvalidArgument);
  CHECK_THROWS_AS(mixture.evolved(std::numeric_limits<double>::infinity(), 1), sf::InvalidArgument);
}

TEST_CASE("a mixture that is none is refused", "[data]") {
  using M = sf::Matrix<double>;
  using Weights = sf::Vector<double>;
  const M means{{0, 1}, {0, 1}}, one = M::Identity(2, 2);
  const auto make = [&](const Weights& weights, const M& at, const std::vector<M>& covariances) {
    return sf::GaussianMixture<double>(weights, at, covariances);
  };
  CHECK_THROWS_AS(make(Weights(), M(2, 0), {}), sf::InvalidArgument);
  CHECK_THROWS_AS(make(Weights{{1, 1, 1}}, means, {one, one}), sf::InvalidArgument);
  CHECK_THROWS_AS(make(Weights{{1, 1}}, means, {one}), sf::InvalidArgument);
  CHECK_THROWS_WITH(make(Weights{{1, 1}}, means, {one, M::Identity(3, 3)}), contains("for component 1, got 3 x 3"));
  CHECK_THROWS_WITH(make(Weights{{1, 0}}, means, {one, one}), contains("a positive weight for component 1, got 0"));
  CHECK_THROWS_WITH(make(Weights{{-1, 1}}, means, {one, one}), contains("a positive weight for component 0, got -1"));
  CHECK_THROWS_WITH(make(Weights{{1, 1}}, M{{0, NAN}, {0, 0}}, {one, one}), contains("a finite mean for component 1"));
  CHECK_THROWS_WITH(make(Weights{{1, 1}}, means, {one, -one}),
                    contains("positive definite covariance for component 1"));
  CHECK_THROWS_AS(make(Weights{{1, 1}}, means, {one, M{{1, 0.5}, {0, 1}}}), sf::InvalidArgument);
  CHECK_THROWS_AS(make(Weights{{1, 1}}, means, {one, M{{1, 1}, {1, 1}}}), sf::InvalidArgument);
  CHECK_THROWS_AS(make(Weights{{1, 1}}, means, {one, M{{NAN, 0}, {0, 1}}}), sf::InvalidArgument);
}

TEST_CASE("points of another dimension are refused", "[data]") {
  const auto mixture = plane_mixture();
  const sf::Matrix<double> three = sf::Matrix<double>::Zero(3, 4);
  sf::Matrix<double> x = sf::Matrix<double>::Zero(2, 4), out(2, 3);
  CHECK_THROWS_WITH(mixture.score(three), contains("GaussianMixture::score: expected points of 2 rows, got 3 rows"));
  CHECK_THROWS_AS(mixture.log_density(three), sf::InvalidArgument);
  CHECK_THROWS_AS(mixture.score({x.data(), 2, 4}, sf::view(out)), sf::InvalidArgument);
}
