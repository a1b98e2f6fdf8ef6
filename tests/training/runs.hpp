/// Small models and data that the tests of training share.
#pragma once

#include "scorefield/core/random.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/toy/swiss_roll.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/optimizer/adam.hpp"
#include "scorefield/optimizer/sgd.hpp"
#include "scorefield/sde/variance_preserving.hpp"
#include "scorefield/training/trainer.hpp"

namespace scorefield::test {

template <Real Scalar = float>
auto small_model() {
  return ScoreModel{VariancePreserving<Scalar>{}, Mlp<Scalar, 2, 16, 16>{}, Seed{1}};
}

template <Real Scalar = float>
Dataset<Scalar> small_data(Index points = 1000) {
  return Dataset<Scalar>(swiss_roll<Scalar>(points, {.seed = 1}));
}

/// What a new small model is after training in this way.
template <Real Scalar = float, class... Callbacks>
Vector<Scalar> trained(const TrainingOptions& options, Callbacks&&... callbacks) {
  auto model = small_model<Scalar>();
  Trainer{DenoisingScoreMatching{}, Adam{}}.fit(model, small_data<Scalar>(), options, callbacks...);
  return model.parameters();
}

}  // namespace scorefield::test
