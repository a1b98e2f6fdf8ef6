// Bits of a network on images and on sequences: residual blocks, attention, Winograd and plain convolutions, by Muon.
#include "program.hpp"

namespace sf = scorefield;

namespace {

/// Of 50 samples of the Swiss roll's points, as many as fit into one.
void train_by_muon(const sf::UNet<float>& network, const bits::Cut& cut) {
  const auto d = network.dimension();
  const sf::Matrix<float> data = sf::swiss_roll<float>(d / 2 * 50).reshaped(d, 50) / 10;
  bits::train(sf::ScoreModel{sf::VariancePreserving<float>{}, network, sf::LinearDenoiserCorrection<float>::fit(data),
                             sf::Seed{1}},
              sf::Trainer{sf::DenoisingScoreMatching{sf::StratifiedTime{}}, sf::Muon{}}, data,
              {.steps = 4, .batch_size = 40, .seed = 3, .average = {{.decay = 0.99}}}, 35, cut);
}

void unet_by_muon(const bits::Cut& cut) {
  train_by_muon({{12, 12, 1}, {.widths = {16, 24}, .fold = 2, .groups = 4, .heads = 2, .embedding = 16}}, cut);
}

void unet_on_sequences(const bits::Cut& cut) {
  train_by_muon({{1, 35, 2}, {.widths = {16, 24}, .kernel = 5, .groups = 4, .heads = 2, .embedding = 16}}, cut);
}

}  // namespace

int main(int argc, char** argv) {
  return bits::run(argc, argv, bits::Work{"unet-by-muon", unet_by_muon},
                   bits::Work{"unet-on-sequences", unet_on_sequences});
}
