// Training on samples that are given something.
#include <cmath>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/layer/activation.hpp"
#include "scorefield/model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/objective.hpp"
#include "scorefield/optimizer.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/training.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

/// x = c + noise of deviation 0.3, with c standard normal.
sf::Dataset<float> shifted(sf::Index n) {
  sf::Matrix<float> c(1, n), x(1, n);
  sf::Random(sf::Seed{1}, "c").normal(sf::view(c), 0, 0);
  sf::Random(sf::Seed{1}, "noise").normal(sf::view(x), 0, 0);
  return {sf::Matrix<float>(c + 0.3f * x), c};
}

auto given_one() {
  return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float, sf::SiLU>(1, {32, 32}, {.condition = 1}),
                        sf::VelocityPrediction{}, sf::Seed{3}};
}

}  // namespace

TEST_CASE("one network learns with its condition and without", "[training]") {
  const auto data = shifted(4000);
  auto model = given_one();
  sf::Trainer{sf::DenoisingScoreMatching<>{.condition_dropout = 0.2}, sf::Adam{.learning_rate = 3e-3}, sf::CosineRate{}}
      .fit(model, data, {.steps = 3000, .batch_size = 128, .seed = 2});
  const auto moments = [&](const sf::Condition& given) {
    const auto x = sf::sample(model, sf::DpmSolverPlusPlus{.steps = 30}, 4000, sf::Seed{4}, {.condition = given});
    const double mean = static_cast<double>(x.mean());
    return std::pair{mean, std::sqrt(static_cast<double>((x.array() - x.mean()).square().mean()))};
  };
  // Five deviations of 4,000 draws are 0.024 of 0.3 and 0.08 of 1.04; the rest is what 3,000 steps leave to be learnt.
  for (const float c : {-1.0f, 0.0f, 1.5f}) {
    const auto [mean, deviation] = moments(sf::Matrix<float>{{c}});
    CAPTURE(c, mean, deviation);
    CHECK(std::abs(mean - static_cast<double>(c)) < 0.06);
    CHECK(std::abs(deviation - 0.3) < 0.05);
  }
  const auto [mean, deviation] = moments(sf::not_given<float>(1));
  CAPTURE(mean, deviation);
  CHECK(std::abs(mean) < 0.15);
  CHECK(std::abs(deviation - std::sqrt(1.09)) < 0.15);
}

TEST_CASE("training with conditions has the same bits on any number of threads", "[training]") {
  const auto data = shifted(300);
  const auto parameters = [&](int threads) {
    auto model = given_one();
    sf::Trainer{sf::DenoisingScoreMatching<>{.condition_dropout = 0.5}, sf::Adam{}}.fit(
        model, data, {.steps = 5, .batch_size = 200, .threads = threads});
    return model.parameters();
  };
  CHECK(parameters(1) == parameters(3));
}

TEST_CASE("a condition that is always dropped is never seen", "[training]") {
  const auto with = shifted(300);
  const sf::Dataset<float> without{with.samples(), sf::not_given<float>(1, 300)};
  const auto parameters = [&](const sf::Dataset<float>& data, double dropout) {
    auto model = given_one();
    sf::Trainer{sf::DenoisingScoreMatching<>{.condition_dropout = dropout}, sf::Adam{}}.fit(model, data, {.steps = 5});
    return model.parameters();
  };
  CHECK(parameters(with, 1) == parameters(without, 0));
  CHECK(parameters(with, 0.5) != parameters(without, 0));
  CHECK(parameters(with, 0.5) != parameters(with, 0));
}

TEST_CASE("training refuses conditions that the model is not given, and a share that is none", "[training]") {
  const auto data = shifted(300);
  auto model = given_one();
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  CHECK_THROWS_WITH(trainer.fit(model, data.samples(), {.steps = 1}),
                    contains("conditions of 1 numbers, as the model"));
  sf::ScoreModel none{sf::VariancePreserving<float>{}, sf::DynamicMlp<float>(1, {8}), sf::Seed{3}};
  CHECK_THROWS_WITH(trainer.fit(none, data, {.steps = 1}), contains("data without conditions"));
  const auto fit = [&](auto& of, double dropout, const auto& on) {
    sf::Trainer{sf::DenoisingScoreMatching<>{.condition_dropout = dropout}, sf::Adam{}}.fit(of, on, {.steps = 1});
  };
  CHECK_THROWS_WITH(fit(model, 1.1, data), contains("condition_dropout in [0, 1], got 1.1"));
  CHECK_THROWS_WITH(fit(none, 0.1, data.samples()), contains("no condition_dropout"));
}
