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
///
/// Tried on MNIST, two cores: held-out loss and, in parentheses, the Frechet distance of 2,000 samples by 25
/// evaluations, without the noise of sampling.hpp, in the features of a small classifier; each line but the last goes
/// on from the one before.
///
///   1,000 steps of Adam     0.0221 at a rate of 2e-3, 0.0217 at 4e-3, 0.0215 in 2,000 batches of 32; told half the
///                           log-SNR in place of t 0.0222. A full covariance is ahead at first (0.043 against 0.072)
///                           and behind from 250 steps on
///   1,000 of Muon           0.0206 at 2e-3, 0.0180 (110) at 6e-3 with time exponent 2, as much in 500 batches of 128
///     500 so                0.0204; predicting the noise 0.0209, the velocity 0.0193
///     600 at 4e-3           0.0198; with time exponent 3 0.0197, with widths 64, 128 0.0193
///     three minutes         0.0164 (57), with widths 64, 128 0.0167 (75), in batches of 32 0.0165 (67)
///   a floor of 0.3          0.0172 (102): better at all times than 0.02, 0.1 and 1
///   and attention           0.0174 (96)
///   and weighted for velocity 0.0176 (90)
///   half an hour of all     0.01483 (14.7), without the last three 0.01493 (15.7), with widths 64, 128 0.01485 (14.9)
struct Ours {
  static constexpr const char* name = "ours";
  static constexpr sf::Index batch_size = 64;
  static constexpr sf::UNetOptions unet{.fold = 2, .heads = 2};
  static constexpr sf::LinearFitOptions prior{.floor = 0.3};

  template <sf::Index... Channels>
  struct Widths {
    using Network = sf::UNet<float, image, unet, Channels...>;
    static std::string list() { return (sf::text(' ', Channels) + ...); }
  };
  using Shape = Widths<48, 96>;

  static constexpr sf::DenoisingScoreMatching objective{sf::StratifiedTime{sf::PowerLawTime{.exponent = 2}},
                                                        sf::VelocityWeighting{}};
  static constexpr sf::Muon optimizer{.learning_rate = 6e-3, .beta2 = 0.99};
  static constexpr double learning_rate = optimizer.learning_rate;
  static constexpr sf::Warmup<sf::CosineRate> schedule{.steps = 200};
  static constexpr sf::Index measured_steps = schedule.steps;  // the same however long the run is
  static constexpr double clip_norm = 1;
  static constexpr sf::ExponentialMovingAverage average{0.999};

  static std::string description() {
    return sf::text("U-Net, widths", Shape::list(), ", fold ", unet.fold, ", blocks ", unet.blocks, ", groups ",
                    unet.groups, ", heads ", unet.heads, ", embedding ", unet.embedding,
                    ", corrects the linear denoiser of a ",
                    prior.covariance == sf::Covariance::full ? "full" : "diagonal", " covariance, floor ", prior.floor,
                    ", variance preserving");
  }

  static std::string training() {
    return sf::text(objective.settings(), ", by Muon, momentum ", optimizer.momentum, ", betas ", optimizer.beta1, " ",
                    optimizer.beta2, ", epsilon ", optimizer.epsilon, ", weight decay ", optimizer.weight_decay,
                    ", warm-up ", schedule.steps, ", cosine, clipped at ", clip_norm, ", average ", average.decay);
  }

  static auto model(const sf::Dataset<float>& data, sf::Seed seed) {
    return sf::ScoreModel{sf::VariancePreserving<float>{}, Shape::Network{},
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
