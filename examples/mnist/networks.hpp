/// The two ways to learn digits: a network, what it predicts, and how it is trained. This is the place to change them.
#pragma once

#include <scorefield/file/any_model.hpp>
#include <scorefield/scorefield.hpp>
#include <string>

#include "digits.hpp"

namespace mnist {

/// Networks of both recipes are of one type, so that all that is done with them is compiled once.
using Model = sf::AnyModel<float>;

/// The tutorial's: the score itself, at a constant learning rate.
struct Tutorial {
  static constexpr const char* name = "tutorial";
  static constexpr bool learns_labels = false;
  static constexpr sf::Index batch_size = 64;
  static constexpr double learning_rate = 3e-4;
  static constexpr sf::ExponentialMovingAverage average{0.999};

  static Model model(const sf::Dataset<float>&, sf::Seed seed) {
    return {sf::VariancePreserving<float>{}, sf::TutorialUNet<float>{}, sf::ScorePrediction{}, sf::Units<float>{},
            seed};
  }
  static auto trainer(const sf::Dataset<float>&, double rate) {
    return sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = rate}};
  }
  static sf::TrainingOptions options() { return {.average = average}; }
};

/// A smaller U-Net that corrects the best linear denoiser, at a learning rate that falls to 0 with the end of the run.
/// What was tried beside it is in .github/CONTRIBUTING.md.
struct Ours {
  static constexpr const char* name = "ours";
  static constexpr bool learns_labels = true;
  static constexpr sf::Index batch_size = 64;
  static inline const sf::UNetOptions unet{.widths = {48, 96}, .fold = 2, .heads = 2};
  static constexpr sf::LinearFitOptions prior{.floor = 0.3};

  static constexpr sf::DenoisingScoreMatching objective{sf::StratifiedTime{sf::PowerLawTime{.exponent = 2}},
                                                        sf::VelocityWeighting{}};
  static constexpr double condition_dropout = 0.1;  // of labels, where the data have them
  static constexpr sf::Muon optimizer{.learning_rate = 6e-3, .beta2 = 0.99};
  static constexpr double learning_rate = optimizer.learning_rate;
  static constexpr sf::Warmup<sf::CosineRate> schedule{.steps = 200};
  static constexpr double clip_norm = 1;
  static constexpr sf::ExponentialMovingAverage average{0.999};

  static Model model(const sf::Dataset<float>& data, sf::Seed seed) {
    auto options = unet;
    options.condition = data.condition_size();
    return {sf::VariancePreserving<float>{}, sf::UNet<float>(image, options),
            sf::LinearDenoiserCorrection<float>::fit(data, prior), sf::Units<float>{}, seed};
  }
  static auto trainer(const sf::Dataset<float>& data, double rate) {
    auto loss = objective;
    if (data.condition_size() > 0) loss.condition_dropout = condition_dropout;
    auto method = optimizer;
    method.learning_rate = rate;
    return sf::Trainer{loss, method, schedule};
  }
  static sf::TrainingOptions options() { return {.clip_norm = clip_norm, .average = average}; }
};

/// Calls f with the recipe of that name, which `where` gave.
template <class F>
int with_network(const std::string& where, const std::string& name, const F& f) {
  if (name == Tutorial::name) return f(Tutorial{});
  if (name == Ours::name) return f(Ours{});
  throw examples::UsageError(where + ": expected a network named tutorial or ours, got '" + name + "'");
}

}  // namespace mnist
