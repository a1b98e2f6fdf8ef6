/// How a density of images is learnt: units, a network, what it predicts, and how it is trained. This is the place to
/// change them.
#pragma once

#include <cmath>
#include <scorefield/likelihood/bits_per_dimension.hpp>
#include <scorefield/scorefield.hpp>

#include "../length.hpp"
#include "../mnist/digits.hpp"
#include "options.hpp"

namespace bits_per_dimension {

using mnist::image;

/// The distance of neighbouring grey levels.
constexpr double bin_width = 1.0 / 255;

/// Grey levels, each of which is then drawn uniformly from its bin.
inline sf::Matrix<float> of_bins(const sf::Dataset<float>& digits, sf::Seed seed) {
  const sf::Matrix<float> levels =
      (digits.samples().array() / static_cast<float>(bin_width)).round() * static_cast<float>(bin_width);
  return sf::dequantised(levels, bin_width, seed);
}

/// Logits of the place between black and white: of dark pixels, which are most, a model in grey levels would see
/// nothing but that they are dark.
inline sf::Units<float> logits(const sf::Dataset<float>& data) {
  constexpr double margin = bin_width / 2 + 1e-6;  // which rounding does not reach
  return sf::Units<float>::fit(data, {.rows = {sf::Row::bounded(-margin, 1 + margin)}, .channels = image.channels});
}

using Model = sf::ScoreModel<sf::VariancePreserving<float>, sf::UNet<float>, sf::LinearDenoiserCorrection<float>,
                             sf::Units<float>>;

inline Model untrained(const sf::Dataset<float>& data, sf::Seed seed) {
  const auto units = logits(data);
  return {sf::VariancePreserving<float>{}, sf::UNet<float>(image, {.widths = {48, 96}, .fold = 2, .heads = 2}),
          sf::LinearDenoiserCorrection<float>::fit(units.to_model(data), {.floor = 0.3}), units, seed};
}

/// By the loss that bounds the log density. What was tried is in .github/CONTRIBUTING.md.
inline void train(Model& model, const sf::Dataset<float>& data, const Options& options, sf::Interrupt& interrupt) {
  const sf::Trainer trainer{
      sf::DenoisingScoreMatching{sf::StratifiedTime{sf::LikelihoodTime{}}, sf::LikelihoodWeighting{}},
      sf::Muon{.learning_rate = 6e-3, .beta2 = 0.99}, sf::Warmup<sf::CosineRate>{.steps = 200}};
  sf::TrainingOptions how{.steps = 1,
                          .batch_size = 64,
                          .seed = sf::Seed{options.seed},
                          .threads = options.threads,
                          .clip_norm = 1,
                          .average = sf::ExponentialMovingAverage{0.999}};
  how.steps = options.steps ? *options.steps
                            : examples::steps_of_minutes(options.minutes.value_or(5), trainer, model, data, how);
  trainer.fit(model, data, how, sf::ProgressBar{}, interrupt);
}

/// The log densities of x by the normal distribution of the data's mean and covariance, in these units.
inline sf::Vector<double> of_normal(const sf::Units<float>& units, const sf::Dataset<float>& data,
                                    const sf::Matrix<float>& x) {
  const auto moments = sf::principal_moments(units.to_model(data), sf::Covariance::full);
  const sf::Matrix<double> z = moments.axes.transpose() * (units.to_model(x).cast<double>().colwise() - moments.mean);
  const sf::Vector<double> squares =
      (z.array().square().colwise() / moments.variance.array()).colwise().sum().transpose();
  const double scale = (2 * std::acos(-1.0) * moments.variance.array()).log().sum();
  return -0.5 * (squares.array() + scale) + units.log_derivative(x).cast<double>().array();
}

}  // namespace bits_per_dimension
