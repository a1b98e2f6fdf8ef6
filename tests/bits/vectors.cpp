// Bits of networks on vectors: by every prediction, optimizer and sampler, in float and double.
#include "program.hpp"

namespace sf = scorefield;

namespace {

template <class Model, class Trainer>
Model learn_swiss_roll(Model model, const Trainer& trainer, const bits::Cut& cut) {
  const sf::Matrix<typename Model::Scalar> data = sf::swiss_roll<typename Model::Scalar>(700);
  return bits::train(std::move(model), trainer, data,
                     {.steps = 40, .batch_size = 300, .seed = 3, .clip_norm = 0.5, .average = {{.decay = 0.99}}}, 301,
                     cut);
}

void score_by_adam(const bits::Cut& cut) {
  const auto model = learn_swiss_roll(
      sf::ScoreModel{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 24, 19>{}, sf::Seed{1}},
      sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.weight_decay = 0.01}, sf::CosineRate{}}, cut);
  bits::draw_in_all_ways(model, 301, cut);
}

void noise_by_sgd_in_double(const bits::Cut& cut) {
  learn_swiss_roll(
      sf::ScoreModel{sf::VariancePreserving<double>{}, sf::Mlp<double, 2, 33>{}, sf::NoisePrediction{}, sf::Seed{1}},
      sf::Trainer{sf::DenoisingScoreMatching{sf::StratifiedTime{}}, sf::Sgd{}}, cut);
}

void velocity_by_muon(const bits::Cut& cut) {
  learn_swiss_roll(sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float, sf::SiLU>(2, {33, 20}),
                                  sf::VelocityPrediction{}, sf::Seed{1}},
                   sf::Trainer{sf::DenoisingScoreMatching{sf::PowerLawTime{}, sf::VelocityWeighting{}},
                               sf::Muon{.weight_decay = 0.01}},
                   cut);
}

void correction_by_adam(const bits::Cut& cut) {
  const sf::Matrix<float> data = sf::swiss_roll<float>(700);
  learn_swiss_roll(
      sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float, sf::SiLU>(2, {33, 20}),
                     sf::LinearDenoiserCorrection<float>::fit(data, {.covariance = sf::Covariance::full}), sf::Seed{1}},
      sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}, cut);
}

}  // namespace

int main(int argc, char** argv) {
  return bits::run(argc, argv, bits::Work{"score-by-adam", score_by_adam},
                   bits::Work{"noise-by-sgd-in-double", noise_by_sgd_in_double},
                   bits::Work{"velocity-by-muon", velocity_by_muon},
                   bits::Work{"correction-by-adam", correction_by_adam});
}
