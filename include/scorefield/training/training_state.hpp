/// The state of a training run (a checkpoint): all that it needs to be resumed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// All that a run needs, beside its options, its model and its data, to go on as if it had not been interrupted: random
/// numbers and batches are functions of the seed and the step. By its settings it knows with which of these it was
/// kept.
template <Real Scalar>
struct TrainingState {
  Index step = 0;                               // steps that are done
  Index steps = 0;                              // of the whole run
  Vector<Scalar> parameters;                    // as the optimizer moves them
  Vector<double> average;                       // their moving average; empty where there is none
  std::vector<Vector<Scalar>> optimizer;        // its state vectors
  std::map<std::string, std::string> settings;  // by name, as text that differs where they do
};

}  // namespace scorefield
