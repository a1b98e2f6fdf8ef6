// What the last step, which denoises, leaves of the smallest deviations.
#include <cmath>

#include "scorefield/data.hpp"
#include "scorefield/model.hpp"
#include "scorefield/network.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;

TEST_CASE("a constant coordinate is drawn with the floor, shrunk by the last denoising", "[sampler]") {
  sf::Matrix<double> samples = sf::swiss_roll<double>(100);
  samples.row(1).setConstant(3);
  constexpr double floor = 0.02;
  sf::ScoreModel model{sf::VariancePreserving<double>{}, sf::Mlp<double, 2, 4>{},
                       sf::LinearDenoiserCorrection<double>::fit(samples, {.floor = floor}), sf::Seed{0}};
  model.set_parameters(sf::Vector<double>::Zero(model.parameters().size()));

  constexpr sf::Index n = 20'000;
  const auto deviation = [&](bool last_denoising) {
    const sf::DpmSolverPlusPlus sampler{.steps = 60, .last_denoising = last_denoising};
    const sf::Matrix<double> drawn = sf::sample(model, sampler, n, sf::Seed{1}).row(1);
    return std::sqrt((drawn.array() - drawn.mean()).square().mean());
  };
  const double t_last = sf::DpmSolverPlusPlus{}.t_last;
  const double alpha = model.sde().signal(t_last), sigma = model.sde().deviation(t_last);
  const double v = alpha * alpha * floor * floor + sigma * sigma;
  // The deviation of n numbers is known within 1 / sqrt(2 n), of which five are 2.5 %; the steps add less than 1 %.
  const auto about = [](double value) { return Catch::Approx(value).epsilon(0.035); };
  CHECK(deviation(true) == about(floor * alpha * floor / std::sqrt(v)));
  CHECK(deviation(false) == about(std::sqrt(v)));
  CHECK(alpha * floor / std::sqrt(v) == Catch::Approx(0.89).margin(0.005));
}
