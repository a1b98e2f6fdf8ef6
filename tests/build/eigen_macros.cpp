// Trains the README's network a little, draws by every sampler and prints the bits of all that, for eigen_macros.sh.
#include <bit>
#include <cstdint>
#include <cstdio>
#include <scorefield/scorefield.hpp>

namespace sf = scorefield;

namespace {

/// FNV-1a over the bits, and the numbers' mean square, which may differ a little where the bits do.
void print(const char* what, const sf::Matrix<float>& numbers) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (sf::Index j = 0; j < numbers.cols(); ++j)
    for (sf::Index i = 0; i < numbers.rows(); ++i)
      hash = (hash ^ std::bit_cast<std::uint32_t>(numbers(i, j))) * 0x100000001B3u;
  std::printf("%s %016llx %.6f\n", what, static_cast<unsigned long long>(hash),
              static_cast<double>(numbers.squaredNorm() / static_cast<float>(numbers.size())));
}

}  // namespace

int main() {
  const sf::Dataset<float> data = sf::swiss_roll<float>(300, {.noise = 1.0f, .seed = 0});
  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 64, 64, 64>{}, sf::Seed{0}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 3e-4}};
  sf::Matrix<float> loss(1, 50);
  sf::Index step = 0;
  trainer.fit(model, data, {.epochs = 25, .batch_size = 150, .threads = 1},
              [&](const sf::Progress<float>& progress) { loss(0, step++) = static_cast<float>(progress.loss); });
  print("loss", loss);
  print("parameters", model.parameters());
  print("euler_maruyama", sf::sample(model, sf::EulerMaruyama{.steps = 20}, 150, sf::Seed{1}));
  print("ddim", sf::sample(model, sf::Ddim{.steps = 10}, 150, sf::Seed{1}));
  print("dpm_solver_plus_plus", sf::sample(model, sf::DpmSolverPlusPlus{.steps = 10}, 150, sf::Seed{1}));
}
