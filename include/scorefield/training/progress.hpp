/// The progress of a training run, as callbacks see it, and the concept of callbacks.
#pragma once

#include <concepts>
#include <tuple>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// What a callback says of its run: it goes on, it ends for now and may be resumed later, or it is over. Where several
/// speak, `pause` wins over `proceed` and `stop` over both, as their order says.
enum class Next { proceed, pause, stop };

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

/// Called after every step, in the order given to fit; one that returns Next::stop or Next::pause ends the run after
/// this step.
template <class C, class Scalar>
concept TrainingCallback = requires(C& callback, const Progress<Scalar>& progress) {
  requires std::same_as<decltype(callback(progress)), void> || std::same_as<decltype(callback(progress)), Next>;
};

/// A callback that stands somewhere and can go on from there with its run, as History and EarlyStop.
template <class C>
concept ResumableCallback = requires(const C& kept, C& callback, const Vector<double>& state) {
  { kept.state() } -> std::same_as<Vector<double>>;
  callback.resume(state);
};

/// A run with its model and its callbacks, as what keeps runs sees it.
template <class Run, class Model, class... Callbacks>
struct RunParts {
  Run& run;
  const Model& model;
  std::tuple<Callbacks&...> callbacks;
  bool over = false;      // whether a callback stopped it for good
  bool same_data = true;  // whether it is restored only with the data that it was kept with
};

/// What keeps a run among the callbacks of fit, so that it can be resumed, as Checkpoint. It says so by a type
/// KeepsRuns, and offers
///   begin(parts)      before the first step of a new run
///   due(step)         whether to keep it after this step
///   keep(parts)       then, and when the run is done or was stopped
///   restore(parts)    takes run and callbacks to where they were kept
/// Where ranks share the run, all of them call these, at the same steps.
template <class K>
concept RunKeeper = requires {
  typename K::KeepsRuns;
};

}  // namespace scorefield
