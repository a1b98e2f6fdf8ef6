/// The Karras grid (EDM noise schedule): noise levels whose root of order rho is equidistant.
#pragma once

#include <cmath>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// Equal steps in (sigma / alpha)^(1 / rho): the larger rho, the shorter the steps at low noise, and LogSnrGrid in the
/// limit. For EdmHeun, and for few steps where LogSnrGrid spends too many on the end. Karras et al. 2022,
/// arXiv:2206.00364, equation 5.
struct KarrasGrid {
  double rho = 7;  // above 0

  static constexpr bool reaches_zero = false;

  template <Sde Equation>
  typename Equation::Scalar time(const Equation& sde, typename Equation::Scalar from, typename Equation::Scalar to,
                                 Index i, Index n) const {
    const double first = std::exp(-half_log_snr(sde, from) / rho), last = std::exp(-half_log_snr(sde, to) / rho);
    const double share = static_cast<double>(i) / static_cast<double>(n);
    return time_of_half_log_snr(sde, -rho * std::log(multiply_add(share, last - first, first)));
  }
};

}  // namespace scorefield
