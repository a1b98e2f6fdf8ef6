/// The times at which a sampler evaluates the score.
#pragma once

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// steps + 1 equidistant times from 1 down to 0, both included. Throws InvalidArgument unless steps >= 1.
template <Real Scalar>
Vector<Scalar> uniform_time_grid(Index steps) {
  if (steps < 1) throw InvalidArgument("uniform_time_grid", "at least 1 step", text(steps), "1000 is usual");
  Vector<Scalar> times(steps + 1);
  for (Index i = 0; i <= steps; ++i) times(i) = static_cast<Scalar>(steps - i) / static_cast<Scalar>(steps);
  return times;
}

}  // namespace scorefield
