/// The grid of times that are equidistant in the logarithm of the signal-to-noise ratio.
#pragma once

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// Equal steps in half_log_snr: each removes the same share of the noise, as suits few steps. Lu et al. 2022,
/// arXiv:2206.00927, "step size schedule".
struct LogSnrGrid {
  static constexpr bool reaches_zero = false;

  template <Sde Equation>
  typename Equation::Scalar time(const Equation& sde, typename Equation::Scalar from, typename Equation::Scalar to,
                                 Index i, Index n) const {
    const double first = half_log_snr(sde, from), last = half_log_snr(sde, to);
    const double share = static_cast<double>(i) / static_cast<double>(n);
    return time_of_half_log_snr(sde, multiply_add(share, last - first, first));
  }
};

}  // namespace scorefield
