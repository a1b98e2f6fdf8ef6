#include <cmath>
#include <limits>
#include <numbers>

#include "scorefield/layer/gaussian_fourier_embedding.hpp"
#include "scorefield/layer/sinusoidal_embedding.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// The sines of x times each frequency over the cosines.
template <class S>
sf::Matrix<S> waves(const sf::Vector<S>& frequencies, const sf::Matrix<S>& x) {
  const sf::Matrix<S> angles = frequencies * x;
  sf::Matrix<S> y(2 * angles.rows(), x.cols());
  y << angles.unaryExpr([](S a) { return std::sin(a); }), angles.unaryExpr([](S a) { return std::cos(a); });
  return y;
}

}  // namespace

TEMPLATE_TEST_CASE("sinusoidal frequencies are a geometric row", "[layer]", float, double) {
  using S = TestType;
  const auto near = [](const sf::Vector<S>& got, const sf::Vector<S>& expected) {
    return (got.array() / expected.array() - 1).abs().maxCoeff() < test::Tolerance<S>::formula;
  };
  CHECK(near(sf::SinusoidalEmbedding<S>(10).frequencies(), sf::Vector<S>{{1000, 100, 10, 1, S(0.1)}}));
  CHECK(near(sf::SinusoidalEmbedding<S>(6, {.highest = 8, .lowest = 2}).frequencies(), sf::Vector<S>{{8, 4, 2}}));
  CHECK(sf::SinusoidalEmbedding<S>(2, {.highest = 8, .lowest = 2}).frequencies() == sf::Vector<S>{{8}});
}

TEMPLATE_TEST_CASE("embeddings are the sines and cosines of their frequencies", "[layer]", float, double) {
  const auto check = [](const auto& layer) {
    const sf::Matrix<TestType> x{{0, TestType(0.25), -2}};
    const auto y = test::outputs(layer, {}, x);
    CHECK(y == waves(layer.frequencies(), x));
    CHECK((y.topLeftCorner(4, 1).isZero(0) && y.bottomLeftCorner(4, 1).isOnes(0)));
  };
  check(sf::SinusoidalEmbedding<TestType>(8));
  check(sf::GaussianFourierEmbedding<TestType>(8, TestType(16), sf::Seed{3}));
}

TEMPLATE_TEST_CASE("Fourier frequencies are normal of deviation 2 pi scale, and the seed's", "[layer]", float, double) {
  using S = TestType;
  const sf::GaussianFourierEmbedding<S> layer(20'000, S(16), sf::Seed{3});
  const sf::Vector<double> turns = layer.frequencies().template cast<double>() / (2 * std::numbers::pi * 16);
  // Mean and square of 10,000 standard normals within five deviations.
  CHECK(std::abs(turns.mean()) < 5 * 0.01);
  CHECK(std::abs(turns.squaredNorm() / 10'000 - 1) < 5 * 0.01 * std::numbers::sqrt2);

  CHECK(layer.frequencies() == sf::GaussianFourierEmbedding<S>(20'000, S(16), sf::Seed{3}).frequencies());
  CHECK(layer.frequencies() != sf::GaussianFourierEmbedding<S>(20'000, S(16), sf::Seed{4}).frequencies());
}

TEST_CASE("embeddings refuse what they cannot do", "[layer]") {
  CHECK_THROWS_WITH(sf::SinusoidalEmbedding<float>(3),
                    test::contains("SinusoidalEmbedding: expected an even number of outputs from 2 on, got 3; each"));
  CHECK_THROWS_AS(sf::SinusoidalEmbedding<float>(0), sf::InvalidArgument);
  CHECK_THROWS_WITH(
      sf::SinusoidalEmbedding<float>(4, {.highest = 1, .lowest = 2}),
      test::contains("SinusoidalEmbedding: expected finite frequencies 0 < lowest <= highest, got 2 and 1"));
  CHECK_THROWS_AS(sf::SinusoidalEmbedding<float>(4, {.highest = 1, .lowest = 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::SinusoidalEmbedding<float>(4, {.highest = std::numeric_limits<double>::infinity()}),
                  sf::InvalidArgument);
  CHECK_THROWS_AS(sf::GaussianFourierEmbedding<float>(5, 16.0f, sf::Seed{}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::GaussianFourierEmbedding<float>(4, 0.0f, sf::Seed{}),
                    test::contains("GaussianFourierEmbedding: expected a finite positive scale, got 0; 16 suits"));
}
