// Bits of a network on images: residual blocks, attention, Winograd and plain convolutions, by Muon.
#include "program.hpp"

namespace sf = scorefield;

namespace {

void unet_by_muon(const bits::Cut& cut) {
  const sf::UNet<float> network({12, 12, 1}, {.widths = {16, 24}, .fold = 2, .groups = 4, .heads = 2, .embedding = 16});
  const sf::Matrix<float> data = sf::swiss_roll<float>(72 * 50).reshaped(144, 50) / 10;
  bits::train(sf::ScoreModel{sf::VariancePreserving<float>{}, network, sf::LinearDenoiserCorrection<float>::fit(data),
                             sf::Seed{1}},
              sf::Trainer{sf::DenoisingScoreMatching{sf::StratifiedTime{}}, sf::Muon{}}, data,
              {.steps = 4, .batch_size = 40, .seed = 3, .average = {{.decay = 0.99}}}, 35, cut);
}

}  // namespace

int main(int argc, char** argv) { return bits::run(argc, argv, bits::Work{"unet-by-muon", unet_by_muon}); }
