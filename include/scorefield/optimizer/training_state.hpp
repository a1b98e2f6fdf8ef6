/// Where a training run stands.
#pragma once

#include <vector>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// All that a run needs, beside its options, its model and its data, to go on as if it had not been interrupted: random
/// numbers and batches are functions of the seed and the step.
template <Real Scalar>
struct TrainingState {
  Index step = 0;                         // steps that are done
  Vector<Scalar> parameters;              // as the optimizer moves them
  Vector<Scalar> average;                 // their moving average; the first parameters where there is none
  std::vector<Vector<Scalar>> optimizer;  // its state vectors
};

}  // namespace scorefield
