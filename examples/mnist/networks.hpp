/// The two ways to learn digits: a network, what it predicts, and how it is trained. This is the place to change them.
#pragma once

#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>

#include "digits.hpp"

namespace mnist {

/// The tutorial's: the score itself, at a constant learning rate.
struct Tutorial {
  static constexpr const char* name = "tutorial";
  static constexpr sf::Index batch_size = 64;
  static constexpr double learning_rate = 3e-4;
  static constexpr sf::Index measured_steps = 200;  // that tell how many a minute has; here any number would do
  static constexpr sf::ExponentialMovingAverage average{0.999};

  static std::string description() { return "tutorial's U-Net, predicts the score, variance preserving"; }
  static std::string training() { return sf::text("denoising score matching by Adam, average ", average.decay); }

  static auto model(const sf::Dataset<float>&, sf::Seed seed) {
    return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::TutorialUNet<float>{}, seed};
  }
  static auto trainer(double rate) {
    return sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = rate}};
  }
  static sf::TrainingOptions options() { return {.average = average}; }
};

/// A smaller U-Net that corrects the best linear denoiser, at a learning rate that falls to 0 with the end of the run.
/// What was tried beside it is in .github/CONTRIBUTING.md.
struct Ours {
  static constexpr const char* name = "ours";
  static constexpr sf::Index batch_size = 64;
  static inline const sf::UNetOptions unet{.widths = {48, 96}, .fold = 2, .heads = 2};
  static constexpr sf::LinearFitOptions prior{.floor = 0.3};

  static constexpr sf::DenoisingScoreMatching objective{sf::StratifiedTime{sf::PowerLawTime{.exponent = 2}},
                                                        sf::VelocityWeighting{}};
  static constexpr sf::Muon optimizer{.learning_rate = 6e-3, .beta2 = 0.99};
  static constexpr double learning_rate = optimizer.learning_rate;
  static constexpr sf::Warmup<sf::CosineRate> schedule{.steps = 200};
  static constexpr sf::Index measured_steps = schedule.steps;  // the same however long the run is
  static constexpr double clip_norm = 1;
  static constexpr sf::ExponentialMovingAverage average{0.999};

  static std::string description() {
    std::string widths;
    for (const auto width : unet.widths) widths += sf::text(' ', width);
    return sf::text("U-Net, widths", widths, ", fold ", unet.fold, ", blocks ", unet.blocks, ", groups ", unet.groups,
                    ", heads ", unet.heads, ", embedding ", unet.embedding, ", corrects the linear denoiser of a ",
                    prior.covariance == sf::Covariance::full ? "full" : "diagonal", " covariance, floor ", prior.floor,
                    ", variance preserving");
  }

  static std::string training() {
    return sf::text(objective.settings(), ", by Muon, momentum ", optimizer.momentum, ", betas ", optimizer.beta1, " ",
                    optimizer.beta2, ", epsilon ", optimizer.epsilon, ", weight decay ", optimizer.weight_decay,
                    ", warm-up ", schedule.steps, ", cosine, clipped at ", clip_norm, ", average ", average.decay);
  }

  static auto model(const sf::Dataset<float>& data, sf::Seed seed) {
    return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::UNet<float>(image, unet),
                          sf::LinearDenoiserCorrection<float>::fit(data, prior), seed};
  }
  static auto trainer(double rate) {
    auto method = optimizer;
    method.learning_rate = rate;
    return sf::Trainer{objective, method, schedule};
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

template <class Recipe>
using ModelOf = decltype(Recipe::model(std::declval<const sf::Dataset<float>&>(), sf::Seed{}));

}  // namespace mnist
