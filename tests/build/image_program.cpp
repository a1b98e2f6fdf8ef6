// A program on images with files and a state to resume from; eigen_macros.sh compiles it, and does not run it.
#include <scorefield/data/image/idx.hpp>
#include <scorefield/file/safetensors.hpp>
#include <scorefield/file/training_state.hpp>
#include <scorefield/scorefield.hpp>

namespace sf = scorefield;

int main() {
  const auto images = sf::read_idx_images<float>("images");
  const sf::Dataset<float> data = images.samples;
  const sf::UNet<float> network({28, 28, 1}, {.widths = {16, 32}, .fold = 2, .heads = 2});
  sf::ScoreModel model{sf::VariancePreserving<float>{}, network,
                       sf::LinearDenoiserCorrection<float>::fit(data, {.floor = 0.3}), sf::Seed{0}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Muon{}, sf::CosineRate{}};
  auto run = trainer.start(model, data, {.steps = 10, .batch_size = 16});
  run.advance();
  sf::Tensors tensors;
  sf::add_training_state(tensors, model.network().layout(), run.state());
  run.resume(sf::read_training_state<float>(tensors, model.network().layout()));
  sf::write_safetensors("run", tensors);
  return sf::sample(model, sf::Ddim{.steps = 10}, 4, sf::Seed{1}).allFinite() ? 0 : 1;
}
