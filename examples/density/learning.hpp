/// How a density is learnt: a network, what it predicts, and how it is trained. This is the place to change them.
#pragma once

#include <algorithm>
#include <scorefield/scorefield.hpp>

#include "../length.hpp"
#include "options.hpp"

namespace density {

using Model = sf::ScoreModel<sf::VariancePreserving<float>, sf::ResidualMlp<float>, sf::LinearDenoiserCorrection<float>,
                             sf::Units<float>>;

/// A network that corrects the normal distribution nearest to the data.
inline Model untrained(const sf::Dataset<float>& data, sf::Seed seed) {
  const auto units = sf::Units<float>::fit(data);
  return {sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{data.dimension(), {.width = 64, .blocks = 3}},
          sf::LinearDenoiserCorrection<float>::fit(units.to_model(data)), units, seed};
}

/// Trains for so long, but no more epochs than a density can be learnt in: of few points it would learn them by heart.
/// They have more weight decay, and the rate does not fall so far. What was tried is in .github/CONTRIBUTING.md.
inline void train(Model& model, const sf::Dataset<float>& data, const Options& options, sf::Interrupt& interrupt) {
  constexpr sf::Index most_epochs = 3500;
  sf::TrainingOptions how{.steps = 1, .batch_size = 256, .seed = sf::Seed{options.seed}, .threads = options.threads};
  const auto few_points = static_cast<double>(data.size()) <= 5000;
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{sf::PowerLawTime{.exponent = 2}}};
  const sf::Muon optimizer{
      .learning_rate = 4e-3, .beta2 = 0.99, .weight_decay = few_points ? 30 / static_cast<double>(data.size()) : 0};
  const sf::Trainer trainer{objective, optimizer,
                            sf::Warmup<sf::CosineRate>{.steps = 200, .then = {.last = few_points ? 0.5 : 0}}};
  how.average = sf::ExponentialMovingAverage{few_points ? 0.9998 : 0.999};
  how.steps = options.steps ? *options.steps
                            : examples::steps_of_minutes(options.minutes.value_or(1), trainer, model, data, how);
  const sf::Index enough = std::max<sf::Index>(1, most_epochs * data.size() / how.batch_size);
  if (how.steps > enough) {
    examples::say(sf::text(enough, " steps are enough for ", data.size(), " points"));
    how.steps = enough;
  }
  trainer.fit(model, data, how, sf::ProgressBar{}, interrupt);
}

}  // namespace density
