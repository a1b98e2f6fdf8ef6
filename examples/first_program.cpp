#include <scorefield/scorefield.hpp>
namespace sf = scorefield;

int main() {
  const auto data = sf::swiss_roll<float>(1000, {.noise = 1.0f, .seed = 0});  // 2 x 1000

  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 64, 64, 64>{}, sf::Seed{0}};

  sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 3e-4}};
  trainer.fit(model, data, {.epochs = 150'000, .batch_size = 256}, sf::ProgressBar{});

  const auto samples = sf::sample(model, sf::EulerMaruyama{.steps = 1000}, 10'000, sf::Seed{1});  // 2 x 10000

  sf::write_npy("samples.npy", samples);
}
