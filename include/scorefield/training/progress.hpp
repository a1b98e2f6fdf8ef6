/// The progress of a training run, as callbacks see it, and the concept of callbacks.
#pragma once

#include <concepts>

#include "scorefield/core/types.hpp"

namespace scorefield {

enum class Next { proceed, stop };

/// The state of a run after a step.
template <Real Scalar>
struct Progress {
  Index step;          // steps done, 1 after the first
  Index steps;         // steps of the whole run
  Index epoch;         // of the step just done, from 0
  Index batch_length;  // samples in the step just done: a short batch may have fewer
  double loss;         // mean over the step's batch, before its update
  double learning_rate;
  const Vector<Scalar>& parameters;  // the moving average where there is one: what the run would end with here
};

/// Called after every step, in the order given to fit; one that returns Next::stop ends the run after this step.
template <class C, class Scalar>
concept TrainingCallback = requires(C& callback, const Progress<Scalar>& progress) {
  requires std::same_as<decltype(callback(progress)), void> || std::same_as<decltype(callback(progress)), Next>;
};

}  // namespace scorefield
