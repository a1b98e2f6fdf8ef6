/// Measured: an estimate with its standard error.
#pragma once

namespace scorefield {

/// What a metric estimates from samples, and the deviation that the estimate has by chance.
struct Measured {
  double value, standard_error;
};

}  // namespace scorefield
