/// The times at which a sampler evaluates the score.
#pragma once

#include "scorefield/core/types.hpp"

namespace scorefield {

/// steps + 1 equidistant times from 1 down to 0, both included.
template <Real Scalar>
Vector<Scalar> uniform_time_grid(Index steps) {
  Vector<Scalar> times(steps + 1);
  for (Index i = 0; i <= steps; ++i) times(i) = static_cast<Scalar>(steps - i) / static_cast<Scalar>(steps);
  return times;
}

}  // namespace scorefield
