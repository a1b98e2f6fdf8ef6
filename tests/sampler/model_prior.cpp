// Sampling starts from the model's prior, which knows what the model knows of the data.
#include <cmath>

#include "scorefield/data.hpp"
#include "scorefield/model.hpp"
#include "scorefield/network.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "sampler/moments.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;

namespace {

/// A model of normal data in the plane, correlated by 0.6, that is right as long as its network is silent.
auto silent(double mean, double deviation, sf::Covariance covariance) {
  const sf::Matrix<double> c{{1, 0.6}, {0.6, 1}};
  const sf::Matrix<double> variance =
      deviation * deviation * (covariance == sf::Covariance::full ? c : sf::Matrix<double>::Identity(2, 2));
  const sf::GaussianMixture<double> data(sf::Vector<double>::Ones(1), sf::Matrix<double>::Constant(2, 1, mean),
                                         {variance});
  sf::ScoreModel model{
      sf::VariancePreserving<double>{}, sf::Mlp<double, 2, 4>{},
      sf::LinearDenoiserCorrection<double>::fit(data.sample(2000, sf::Seed{4}), {.covariance = covariance, .floor = 0}),
      sf::Seed{0}};
  model.set_parameters(sf::Vector<double>::Zero(model.parameters().size()));
  return model;
}

constexpr sf::Index prior_draws = 5000;

/// Mean and deviation along the first coordinate.
struct Line {
  double mean, deviation;
};
Line line(const sf::Matrix<double>& x) {
  const auto row = x.row(0).array();
  return {row.mean(), std::sqrt((row - row.mean()).square().mean())};
}

}  // namespace

TEST_CASE("every sampler draws the mean and the deviation of badly scaled data", "[sampler]") {
  for (const auto covariance : {sf::Covariance::diagonal, sf::Covariance::full})
    for (const Line data : {Line{100, 100}, Line{100, 1}, Line{0, 0.01}}) {
      const double mean = data.mean, deviation = data.deviation;
      CAPTURE(mean, deviation, covariance == sf::Covariance::full);
      const auto model = silent(mean, deviation, covariance);
      const sf::Vector<double> fitted = model.prediction().constants();
      const auto check = [&](const auto& sampler, double scheme) {
        const auto drawn = line(sf::sample(model, sampler, prior_draws, sf::Seed{1}));
        // Five deviations of the mean and of the deviation of that many draws, and the scheme's own error; those of the
        // fit, which is of 2,000 samples, are the model's.
        const double noise = 5 / std::sqrt(static_cast<double>(prior_draws));
        CHECK(std::abs(drawn.mean - fitted(0)) < (noise + scheme) * deviation + scheme * std::abs(mean) / 10);
        CHECK(drawn.deviation == Catch::Approx(deviation).epsilon(noise + scheme + 5 / std::sqrt(4000.0)));
      };
      // Along the flow of a normal distribution, which does not bend, with noise, and by the smallest of steps. A
      // deviation of 0.01 is reached only after the noise of t = 1e-4, which has that.
      const double t_last = 1e-5;
      check(sf::Ddim{.steps = 200, .t_last = t_last}, 0.03);
      check(sf::DpmSolverPlusPlus{.steps = 100, .t_last = t_last}, 0.01);
      check(sf::DpmSolverPlusPlus{.steps = 100, .t_last = t_last, .stochasticity = 1}, 0.03);
      if (deviation >= 1) check(sf::EulerMaruyama{.steps = 2000}, 0.03);
    }
}

TEST_CASE("the prior is what is left of the data at t = 1, and without a fit the noise alone", "[sampler]") {
  const auto model = silent(100, 30, sf::Covariance::full);
  const double alpha = model.sde().signal(1), sigma = model.sde().deviation(1);
  const auto prior = sf::start(model, sf::Ddim{}, prior_draws, sf::Seed{1}).samples();
  const sf::Matrix<double> c = 900 * alpha * alpha * sf::Matrix<double>{{1, 0.6}, {0.6, 1}};
  const sf::test::Moments expected{sf::Vector<double>::Constant(2, 100 * alpha),
                                   c + sigma * sigma * sf::Matrix<double>::Identity(2, 2)};
  CHECK(sf::test::distance(sf::test::moments_of(prior), expected) < sf::test::monte_carlo_error(prior));
  CHECK(expected.mean(0) > 0.5);  // far from nothing
}
