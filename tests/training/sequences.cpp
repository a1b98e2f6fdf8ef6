// A U-Net on sequences of two channels against an answer in closed form: points that go round at a given speed.
#include <cmath>
#include <complex>
#include <numbers>

#include "scorefield/core/random.hpp"
#include "scorefield/model/prediction/velocity_prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/optimizer/learning_rate.hpp"
#include "scorefield/optimizer/muon.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sde/variance_preserving.hpp"
#include "scorefield/training/trainer.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using sf::Index;

namespace {

constexpr Index length = 23;
constexpr float memory = 0.9f;

/// The cosine and the sine of each angle.
sf::Matrix<float> speeds(const sf::Matrix<float>& angles) {
  sf::Matrix<float> told(2, angles.cols());
  told << angles.array().cos(), angles.array().sin();
  return told;
}

std::complex<float> place(const sf::Matrix<float>& samples, Index l, Index j) {
  return {samples(2 * l, j), samples(2 * l + 1, j)};
}

/// Complex numbers z(l + 1) = memory e^(i angle) z(l) + noise, real and imaginary part being the channels. The noise is
/// normal and keeps their variances at 1, and angles are uniform in +-pi/2. Each sequence is given its angle.
sf::Dataset<float> rotations(Index n) {
  sf::Matrix<float> angles(1, n), x(2 * length, n);
  sf::Random(sf::Seed{1}, "angles").uniform(sf::view(angles), 0, 0);
  angles = (angles.array() - 0.5f) * std::numbers::pi_v<float>;
  sf::Random(sf::Seed{1}, "noise").normal(sf::view(x), 0, 0);
  for (Index j = 0; j < n; ++j)
    for (Index l = 1; l < length; ++l) {
      const auto next =
          std::polar(memory, angles(j)) * place(x, l - 1, j) + std::sqrt(1 - memory * memory) * place(x, l, j);
      x(2 * l, j) = next.real();
      x(2 * l + 1, j) = next.imag();
    }
  return {x, speeds(angles)};
}

/// The mean of z(l + 1) times the conjugate of z(l), over that of |z|^2.
std::complex<float> mean_turn(const sf::Matrix<float>& samples) {
  std::complex<float> products = 0;
  for (Index j = 0; j < samples.cols(); ++j)
    for (Index l = 0; l + 1 < length; ++l) products += place(samples, l + 1, j) * std::conj(place(samples, l, j));
  const auto pairs = static_cast<float>((length - 1) * samples.cols());
  return products / pairs / (2 * samples.array().square().mean());
}

}  // namespace

TEST_CASE("a U-Net learns how fast sequences go round from their condition", "[training]") {
  const sf::UNet<float> network({.height = 1, .width = length, .channels = 2},
                                {.widths = {16, 16}, .groups = 4, .embedding = 32, .condition = 2});
  sf::ScoreModel model{sf::VariancePreserving<float>{}, network, sf::VelocityPrediction{}, sf::Seed{2}};
  sf::Trainer{sf::DenoisingScoreMatching{}, sf::Muon{.learning_rate = 6e-3}, sf::CosineRate{}}.fit(
      model, rotations(4000), {.steps = 400, .batch_size = 64, .seed = 3});
  for (const float angle : {-1.2f, 0.0f, 0.7f}) {
    const auto samples = sf::sample(model, sf::DpmSolverPlusPlus{.steps = 15}, 500, sf::Seed{4},
                                    {.condition = speeds(sf::Matrix<float>{{angle}})});
    const auto exact = std::polar(memory, angle);
    const float variance = samples.array().square().mean();
    CAPTURE(angle, mean_turn(samples), exact, variance);
    // 500 sequences leave some 0.01 of the turn and 0.03 of the variance to chance, and 400 steps the rest to be
    // learnt: measured are 0.02 to 0.05, and 0.88 to 1.07. The speeds are 0.6 and more from each other.
    CHECK(std::abs(mean_turn(samples) - exact) < 0.1f);
    CHECK(std::abs(variance - 1) < 0.2f);
  }
}
