/// How the model of the parameters given what was seen is made, trained and drawn from. This is the place to change it.
#pragma once

#include <algorithm>
#include <scorefield/scorefield.hpp>

#include "../length.hpp"
#include "options.hpp"
#include "task.hpp"

namespace posterior {

using Model = sf::ScoreModel<sf::VariancePreserving<float>, sf::ResidualMlp<float>, sf::LinearDenoiserCorrection<float>,
                             sf::Units<float>>;

inline Model untrained(const sf::Dataset<float>& data, sf::Seed seed) {
  const auto units = sf::Units<float>::fit(data);
  return {sf::VariancePreserving<float>{},
          sf::ResidualMlp<float>{data.dimension(), {.condition = data.condition_size()}},
          sf::LinearDenoiserCorrection<float>::fit(units.to_model(data)), units, seed};
}

/// Of few pairs a network learns each by heart: against that there is weight decay, the less the more pairs there are,
/// and an end of the training where the loss on pairs held out rises.
inline void train(Model& model, const Task& task, const Options& options) {
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{sf::PowerLawTime{.exponent = 2}}};
  const double decay = std::min(0.3, 1500 / static_cast<double>(task.training.size()));
  const sf::Trainer trainer{objective, sf::Muon{.learning_rate = 4e-3, .beta2 = 0.99, .weight_decay = decay},
                            sf::Warmup<sf::CosineRate>{.steps = 200}};
  sf::TrainingOptions training{
      .seed = options.seed, .threads = options.threads, .average = sf::ExponentialMovingAverage{0.9995}};
  training.steps = options.steps
                       ? *options.steps
                       : examples::steps_of_minutes(*options.minutes, trainer, model, task.training, training);
  sf::HeldOutStop best{objective, model, task.held_out, {.threads = options.threads}};
  trainer.fit(model, task.training, training, sf::ProgressBar{}, best);
  model.set_parameters(best.parameters());
  examples::say(sf::text("The loss on pairs held out was least after step ", best.step(), ": ", best.loss()));
}

/// Draws of the posterior, d x count, given k x 1, the same for all, or k x count.
inline sf::Matrix<float> draw(const Model& model, const sf::Matrix<float>& seen, sf::Index count,
                              const Options& options) {
  return sf::sample(model, sf::DpmSolverPlusPlus{.steps = 30}, count, sf::Seed{options.seed},
                    {.threads = options.threads, .condition = seen});
}

}  // namespace posterior
