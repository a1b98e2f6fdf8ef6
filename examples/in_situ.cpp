// Learns from a simulation while it runs, in place of from files that it would write: a thousand particles in a double
// well, of which each step of the training sees some as they are then. Nothing is kept but the model.
#include <cmath>
#include <cstdio>
#include <scorefield/scorefield.hpp>
namespace sf = scorefield;

/// Overdamped Langevin dynamics in the potential (x^2 - 1)^2 / 4 + y^2 / 2 at a temperature of 0.1.
class Particles {
 public:
  explicit Particles(sf::Index count) : x_(2, count), noise_(2, count) { random_.normal(sf::view(x_), 0, 0); }

  /// 2 x count, after another ten steps of the simulation.
  const sf::Matrix<float>& go_on() {
    for (int i = 0; i < 10; ++i) {
      random_.normal(sf::view(noise_), 0, ++step_);
      x_.row(0).array() -= dt * x_.row(0).array() * (x_.row(0).array().square() - 1);
      x_.row(1) -= dt * x_.row(1);
      x_ += std::sqrt(2 * 0.1f * dt) * noise_;
    }
    return x_;
  }

 private:
  static constexpr float dt = 0.05f;

  sf::Random random_{sf::Seed{0}, "particles"};
  sf::Matrix<float> x_, noise_;
  sf::Index step_ = 0;
};

int main() {
  Particles particles(1000);
  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{2, {.width = 32, .blocks = 1}},
                       sf::VelocityPrediction{}, sf::Units<float>::fit(particles.go_on()), sf::Seed{0}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 2e-3}, sf::CosineRate{}};

  auto run = trainer.stream(model, {.steps = 600, .batch_size = 1000});
  while (!run.done()) run.advance(particles.go_on());  // or {samples, conditions}
  model.set_parameters(run.result());

  const auto tell = [](const char* of, const sf::Matrix<float>& x) {
    const double right = (x.row(0).array() > 0).cast<double>().mean();
    const double between = (x.row(0).array().abs() < 0.3f).cast<double>().mean();
    std::printf("%s: %.2f in the right well, %.3f between the two, a deviation of %.2f across\n", of, right, between,
                std::sqrt(x.row(1).cast<double>().squaredNorm() / static_cast<double>(x.cols())));
    return right;
  };
  const double simulated = tell("simulated", particles.go_on());
  const double drawn = tell("drawn", sf::sample(model, sf::DpmSolverPlusPlus{}, 10'000, sf::Seed{1}));
  return std::abs(drawn - simulated) < 0.1 ? 0 : 1;
}
