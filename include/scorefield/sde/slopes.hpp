/// Time derivatives of signal and deviation (the coefficients of the flow): alpha'(t) and sigma'(t) of an equation.
#pragma once

#include <concepts>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// alpha'(t) for t in (0, 1]: of the equation's own member of this name, which may be finite where the drift is not,
/// otherwise f alpha. Lipman et al. 2022, arXiv:2210.02747, theorem 3.
template <Sde Equation>
typename Equation::Scalar signal_slope(const Equation& sde, typename Equation::Scalar t) {
  if constexpr (requires {
                  { sde.signal_slope(t) } -> std::same_as<typename Equation::Scalar>;
                })
    return sde.signal_slope(t);
  else
    return sde.drift(t) * sde.signal(t);
}

/// sigma'(t) for t in (0, 1], likewise: of the equation's own member of this name, otherwise f sigma + g^2 / (2 sigma),
/// which grows without bound towards t = 0 where there is diffusion at t = 0.
template <Sde Equation>
typename Equation::Scalar deviation_slope(const Equation& sde, typename Equation::Scalar t) {
  if constexpr (requires {
                  { sde.deviation_slope(t) } -> std::same_as<typename Equation::Scalar>;
                }) {
    return sde.deviation_slope(t);
  } else {
    const auto g = sde.diffusion(t), sigma = sde.deviation(t);
    return multiply_add(sde.drift(t), sigma, g * g / (2 * sigma));
  }
}

}  // namespace scorefield
