// Learns what to do given what is seen, where there are two ways: the points f(c) and -f(c) of a circle, each as often,
// given a number c. Then draws a thousand times for one c, which is no row of the data.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <scorefield/scorefield.hpp>
namespace sf = scorefield;

sf::Vector<float> f(float c) {
  const float angle = std::numbers::pi_v<float> * c;
  return sf::Vector<float>{{std::cos(angle), std::sin(angle)}};
}

int main() {
  constexpr sf::Index n = 20'000;
  sf::Matrix<float> seen(1, n), side(1, n), done(2, n);  // a column is a sample, and what it is given
  sf::Random(sf::Seed{0}, "seen").uniform(sf::view(seen), 0, 0);
  sf::Random(sf::Seed{0}, "side").uniform(sf::view(side), 0, 0);
  sf::Random(sf::Seed{0}, "noise").normal(sf::view(done), 0, 0);
  for (sf::Index j = 0; j < n; ++j) done.col(j) = (side(0, j) < 0.5f ? -1 : 1) * f(seen(0, j)) + 0.05f * done.col(j);

  const sf::Dataset data{done, seen};
  sf::ScoreModel model{sf::VariancePreserving<float>{},
                       sf::ResidualMlp<float>{2, {.width = 64, .blocks = 2, .embedding = 32, .condition = 1}},
                       sf::VelocityPrediction{}, sf::Units<float>::fit(data), sf::Seed{0}};
  sf::Trainer trainer{sf::DenoisingScoreMatching<>{.condition_dropout = 0.1}, sf::Adam{.learning_rate = 2e-3},
                      sf::CosineRate{}};
  trainer.fit(model, data, {.steps = 20'000, .average = sf::ExponentialMovingAverage{0.999}}, sf::ProgressBar{});

  const sf::Matrix<float> given{{0.3f}};
  const auto draws = sf::sample(model, sf::DpmSolverPlusPlus{}, 1000, sf::Seed{1}, {.condition = given});
  sf::Vector<float> mean = sf::Vector<float>::Zero(2);
  int ways = 0, near = 0;
  for (sf::Index j = 0; j < draws.cols(); ++j)
    if (draws.col(j).dot(f(0.3f)) > 0) ++ways, mean += draws.col(j);
  for (sf::Index j = 0; j < draws.cols(); ++j)
    near += std::min((draws.col(j) - f(0.3f)).norm(), (draws.col(j) + f(0.3f)).norm()) < 0.2f;
  mean /= static_cast<float>(ways);
  std::printf(
      "%d of 1000 draws went one way, on average to (%.3f, %.3f), where (%.3f, %.3f) is right; %d are near a way\n",
      ways, static_cast<double>(mean(0)), static_cast<double>(mean(1)), static_cast<double>(f(0.3f)(0)),
      static_cast<double>(f(0.3f)(1)), near);
}
