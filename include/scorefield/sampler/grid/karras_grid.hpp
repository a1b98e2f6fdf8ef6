/// The Karras grid (EDM noise schedule): noise levels whose root of order rho is equidistant.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// Equal steps in (sigma / alpha)^(1 / rho): the larger rho, the shorter the steps at low noise, and LogSnrGrid in the
/// limit. For EdmHeun, and for few steps where LogSnrGrid spends too many on the end. Karras et al. 2022,
/// arXiv:2206.00364, equation 5.
struct KarrasGrid {
  double rho = 7;  // in [0.5, 1000]; the usual range is 5 to 10

  static constexpr bool reaches_zero = false;

  /// Throws InvalidArgument for another rho.
  template <Sde Equation>
  typename Equation::Scalar time(const Equation& sde, typename Equation::Scalar from, typename Equation::Scalar to,
                                 Index i, Index n) const {
    if (!(rho >= 0.5 && rho <= 1000))
      throw InvalidArgument("KarrasGrid", "rho in [0.5, 1000]", text(rho), "7 is usual; LogSnrGrid is its limit");
    const double first = std::exp(-half_log_snr(sde, from) / rho), last = std::exp(-half_log_snr(sde, to) / rho);
    const double share = static_cast<double>(i) / static_cast<double>(n);
    return time_of_half_log_snr(sde, -rho * std::log(multiply_add(share, last - first, first)));
  }
};

}  // namespace scorefield
