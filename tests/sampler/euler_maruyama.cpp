#include "scorefield/sampler/rule/euler_maruyama.hpp"

#include <Eigen/LU>
#include <cmath>

#include "scorefield/sampler/sample.hpp"

#include "sampler/exact_denoiser.hpp"
#include "sampler/linear_scheme.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::distance;
using scorefield::test::ExactDenoiser;
using scorefield::test::moments_of;

namespace {

sf::test::LinearScheme scheme(const ExactDenoiser<double>& model, const sf::EulerMaruyama& sampler) {
  const auto& sde = model.sde();
  const sf::Matrix<double> identity = sf::Matrix<double>::Identity(model.dimension(), model.dimension());
  const double dt = 1 / static_cast<double>(sampler.steps), r = sampler.stochasticity;
  sf::test::LinearScheme steps;
  for (sf::Index i = 0; i < sampler.steps; ++i) {
    const double t = 1 - static_cast<double>(i) * dt, diffused = std::pow(sde.diffusion(t), 2) * dt;
    const auto marginal = model.data().evolved(sde.signal(t), sde.deviation(t));
    const sf::Matrix<double> pull = (1 + r) / 2 * diffused * marginal.covariance().inverse();
    steps.push_back({(1 - sde.drift(t) * dt) * identity - pull, pull * marginal.mean(), r * diffused});
  }
  return steps;
}

/// As a user's, which knows no score.
struct DenoiserAlone : ExactDenoiser<double> {
  using ExactDenoiser::ExactDenoiser;
  void score(const sf::NoisyBatch<double>&, sf::MatrixView<double>, Workspace&) const = delete;
};

}  // namespace

TEST_CASE("Euler-Maruyama takes the steps of its scheme", "[sampler]") {
  const ExactDenoiser<double> model(sf::test::one_normal<double>());
  constexpr sf::Seed seed{1};
  for (const double stochasticity : {0.0, 0.5, 1.0, 2.5}) {
    CAPTURE(stochasticity);
    const sf::EulerMaruyama sampler{.steps = 16, .stochasticity = stochasticity};
    const auto prior = sf::start(model, sampler, 40, seed).samples();
    const auto expected = sf::test::samples_after(scheme(model, sampler), prior, seed);
    // Sixteen steps of rounding, and of the score's.
    CHECK((sf::sample(model, sampler, 40, seed) - expected).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("a denoiser without a score is asked for one by Tweedie's formula", "[sampler]") {
  const ExactDenoiser<double> model(sf::test::one_normal<double>());
  const sf::EulerMaruyama sampler{.steps = 16};
  // Several chunks. A score of some units is a difference of numbers that sigma >= 0.1 divides twice: 1e-14 a step.
  const auto by_formula = sf::sample(DenoiserAlone(sf::test::one_normal<double>()), sampler, 100, sf::Seed{1});
  CHECK((by_formula - sf::sample(model, sampler, 100, sf::Seed{1})).cwiseAbs().maxCoeff() < 1e-11);
}

TEST_CASE("Euler-Maruyama is of weak order 1", "[sampler]") {
  const ExactDenoiser<double> model(sf::test::one_normal<double>());
  for (const double stochasticity : {0.5, 1.0, 2.5}) {
    const auto bias = [&](sf::Index steps) {
      const sf::EulerMaruyama sampler{.steps = steps, .stochasticity = stochasticity};
      const auto prior = std::pow(model.sde().deviation(1), 2);
      return distance(sf::test::moments_after(scheme(model, sampler), model.dimension(), prior),
                      moments_of(model.data()));
    };
    // Twice the steps, half the bias: up to terms of the next order, and 1e-4 of a prior that is not quite reached.
    for (const sf::Index steps : {100, 200, 400}) {
      CAPTURE(stochasticity, steps, bias(steps));
      CHECK(bias(steps) / bias(2 * steps) == Catch::Approx(2).epsilon(0.1));
    }
    CHECK(bias(1000) < 0.01);
  }
}

TEST_CASE("Euler-Maruyama refuses to end where no time is", "[sampler]") {
  const ExactDenoiser<double> model(sf::test::one_normal<double>());
  for (const double t_last : {-0.1, 1.0, std::nan("")})
    CHECK_THROWS_WITH(sf::start(model, sf::EulerMaruyama{.t_last = t_last}, 1, sf::Seed{}),
                      contains("EulerMaruyama: expected t_last in [0, 1)"));
}

TEST_CASE("Euler-Maruyama refuses to take no steps", "[sampler]") {
  const ExactDenoiser<double> model(sf::test::one_normal<double>());
  for (const sf::Index steps : {0, -3})
    CHECK_THROWS_AS(sf::start(model, sf::EulerMaruyama{.steps = steps}, 1, sf::Seed{}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::start(model, sf::EulerMaruyama{.steps = -3}, 1, sf::Seed{}),
                    contains("EulerMaruyama: expected at least 1 step, got -3;"));
}
