/// The check of half the log signal-to-noise ratio at which a noise schedule ends.
#pragma once

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// It, in double. Throws InvalidArgument, naming the operation, unless it is in [-15, 5]: at -15 the signal is 3e-7.
template <Real Scalar>
double last_half_log_snr(const char* operation, Scalar lambda) {
  if (!(lambda >= -15 && lambda <= 5))
    throw InvalidArgument(operation, "half a log signal-to-noise ratio at t = 1 in [-15, 5]", text(lambda),
                          "-7.5 is usual, where the signal is 5.5e-4");
  return static_cast<double>(lambda);
}

}  // namespace scorefield::detail
