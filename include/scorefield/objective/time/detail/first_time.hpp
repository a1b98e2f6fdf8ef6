/// The check of the earliest training time.
#pragma once

#include "scorefield/core/error.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument, naming the operation, unless t_min is in (0, 1).
inline void check_first_time(const char* operation, double t_min) {
  if (!(t_min > 0 && t_min < 1)) throw InvalidArgument(operation, "t_min in (0, 1)", text(t_min), "1e-4 is usual");
}

}  // namespace scorefield::detail
