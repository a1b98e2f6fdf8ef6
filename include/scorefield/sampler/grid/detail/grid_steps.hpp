/// The check of a time grid's number of steps.
#pragma once

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument, naming the operation, unless there are times for them and numbers for their noise.
inline void check_grid_steps(const char* operation, Index steps, const char* hint) {
  constexpr Index most = most_steps_of_a_run;
  if (steps < 1) throw InvalidArgument(operation, "at least 1 step", text(steps), hint);
  if (steps >= most) throw InvalidArgument(operation, text("fewer than ", most, " steps"), text(steps), hint);
}

}  // namespace scorefield::detail
