// Trains on files that need not fit into memory: grey levels in two .npy files, of which each batch reads its own rows.
#include <cstdio>
#include <scorefield/file/mapped_dataset.hpp>
#include <scorefield/scorefield.hpp>
namespace sf = scorefield;

int main() {
  // In place of files of yours, such as numpy.save makes; a row is a sample.
  const sf::Matrix<float> levels = (20 * sf::two_moons<float>(4000).array() + 100).round();
  sf::write_npy("first.npy", levels.leftCols(1500));
  sf::write_npy("second.npy", levels.rightCols(2500));

  const sf::MappedDataset<float> data{{"first.npy", "second.npy"}, {.scale = 1.0 / 255}};
  const auto units = sf::Units<float>::fit(sf::subset(data, 1000));  // fitted to a part that is in memory
  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{2, {.width = 32, .blocks = 1}},
                       sf::VelocityPrediction{}, units, sf::Seed{0}};
  auto other = model;
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 2e-3}};
  trainer.fit(model, data, {.steps = 500});

  const sf::Matrix<float> in_memory = levels * (1.0f / 255);
  trainer.fit(other, in_memory, {.steps = 500});
  std::printf("%s parameters as of data in memory\n", model.parameters() == other.parameters() ? "the same" : "other");
  return model.parameters() == other.parameters() ? 0 : 1;
}
