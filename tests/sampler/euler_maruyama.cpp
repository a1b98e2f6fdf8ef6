#include "scorefield/sampler/euler_maruyama.hpp"

#include <Eigen/LU>
#include <cmath>

#include "scorefield/sampler/sample.hpp"

#include "sampler/exact_score.hpp"
#include "sampler/moments.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::distance;
using scorefield::test::ExactScore;
using scorefield::test::Moments;
using scorefield::test::moments_of;
using scorefield::test::monte_carlo_error;

namespace {

/// Of the samples that the scheme draws of one normal distribution, exactly: a step is linear in x and in its noise.
Moments scheme_moments(const ExactScore<double>& model, const sf::EulerMaruyama& sampler) {
  const auto& sde = model.sde();
  const sf::Matrix<double> identity = sf::Matrix<double>::Identity(model.dimension(), model.dimension());
  Moments x{sf::Vector<double>::Zero(model.dimension()), std::pow(sde.deviation(1), 2) * identity};
  const double dt = 1 / static_cast<double>(sampler.steps), share = sampler.stochasticity;
  for (sf::Index i = 0; i < sampler.steps; ++i) {
    const double t = 1 - static_cast<double>(i) * dt, diffused = std::pow(sde.diffusion(t), 2) * dt;
    const auto marginal = model.data().evolved(sde.signal(t), sde.deviation(t));
    const sf::Matrix<double> pull = (1 + share) / 2 * diffused * marginal.covariance().inverse();
    const sf::Matrix<double> step = (1 - sde.drift(t) * dt) * identity - pull;
    x.mean = step * x.mean + pull * marginal.mean();
    x.covariance = step * x.covariance * step.transpose() + share * diffused * identity;
  }
  return x;
}

}  // namespace

TEST_CASE("Euler-Maruyama draws a normal distribution as its scheme says", "[sampler]") {
  // The moments of the scheme are known exactly, so the only error is that of Monte Carlo.
  const ExactScore<double> model(sf::test::one_normal<double>());
  constexpr sf::Index n = 20'000;
  for (const double stochasticity : {0.5, 1.0, 2.5}) {
    CAPTURE(stochasticity);
    const sf::EulerMaruyama sampler{.steps = 16, .stochasticity = stochasticity};
    const auto drawn = moments_of(sf::sample(model, sampler, n, sf::Seed{1}));
    const auto expected = scheme_moments(model, sampler);
    CHECK(distance(drawn, expected) < monte_carlo_error(expected, n));
    // The test could tell another scheme: this one is further from the truth than Monte Carlo's error.
    CHECK(distance(expected, moments_of(model.data())) > monte_carlo_error(expected, n));
  }
}

TEST_CASE("Euler-Maruyama is of weak order 1", "[sampler]") {
  const ExactScore<double> model(sf::test::one_normal<double>());
  for (const double stochasticity : {0.5, 1.0, 2.5}) {
    const auto bias = [&](sf::Index steps) {
      const sf::EulerMaruyama sampler{.steps = steps, .stochasticity = stochasticity};
      return distance(scheme_moments(model, sampler), moments_of(model.data()));
    };
    // Twice the steps, half the bias: up to terms of the next order, and 1e-4 of a prior that is not quite reached.
    for (const sf::Index steps : {100, 200, 400}) {
      CAPTURE(stochasticity, steps, bias(steps));
      CHECK(bias(steps) / bias(2 * steps) == Catch::Approx(2).epsilon(0.1));
    }
    CHECK(bias(1000) < 0.01);
  }
}

TEST_CASE("Euler-Maruyama draws a mixture", "[sampler]") {
  // Moments within five Monte Carlo deviations (those of x x^T by the draws themselves, at most 1 here) and a
  // discretisation error of 5 / steps, which is what the scheme makes of one normal distribution as narrow as these.
  const ExactScore<double> model(sf::test::two_normals<double>());
  constexpr sf::Index n = 3000, steps = 100;
  const auto x = sf::sample(model, sf::EulerMaruyama{.steps = steps}, n, sf::Seed{2});
  const auto expected = moments_of(model.data());
  CHECK(distance(moments_of(x), expected) < monte_carlo_error(expected, n) + 5.0 / steps);
  // The modes are apart, so a sample's mode is told by the side of the line x + y = 0.25.
  const double left = static_cast<double>((x.colwise().sum().array() < 0.25).count()) / static_cast<double>(n);
  CHECK(std::abs(left - 0.7) < 5 * std::sqrt(0.7 * 0.3 / static_cast<double>(n)) + 1.0 / steps);
}

TEST_CASE("Euler-Maruyama refuses to end where no time is", "[sampler]") {
  const ExactScore<double> model(sf::test::one_normal<double>());
  for (const double t_last : {-0.1, 1.0, std::nan("")})
    CHECK_THROWS_WITH((sf::EulerMaruyama{.t_last = t_last}.start(model, {.count = 1, .seed = {}})),
                      contains("EulerMaruyama: expected t_last in [0, 1)"));
}

TEST_CASE("Euler-Maruyama refuses to take no steps", "[sampler]") {
  const ExactScore<double> model(sf::test::one_normal<double>());
  for (const sf::Index steps : {0, -3})
    CHECK_THROWS_AS(sf::EulerMaruyama{.steps = steps}.start(model, {.count = 1, .seed = {}}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::EulerMaruyama{.steps = -3}.start(model, {.count = 1, .seed = {}}),
                    contains("EulerMaruyama: expected at least 1 step, got -3; 1000 is usual"));
}
