/// The noise levels that an equation has.
#pragma once

#include <limits>

#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield::detail {

/// ln(sigma / alpha) at t = 0 and at t = 1; infinite where there is no noise, or no signal.
struct LevelRange {
  double lowest, highest;

  template <Sde Equation>
  static LevelRange of(const Equation& sde) {
    using Scalar = typename Equation::Scalar;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return {sde.deviation(Scalar(0)) > 0 ? -half_log_snr(sde, Scalar(0)) : -infinity,
            sde.signal(Scalar(1)) > 0 ? -half_log_snr(sde, Scalar(1)) : infinity};
  }
};

}  // namespace scorefield::detail
