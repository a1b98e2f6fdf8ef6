/// The velocity (v-prediction) as the network's output.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/detail/linear_prediction.hpp"

namespace scorefield {

/// F = v = alpha eps - sigma x0, the noise where x is data and the data where x is noise, so that neither end amplifies
/// errors, and D = (alpha x - sigma F) / (alpha^2 + sigma^2), also where alpha is 0. Salimans and Ho 2022,
/// arXiv:2202.00512, section 4 and appendix D, have alpha^2 + sigma^2 = 1.
struct VelocityPrediction : detail::LinearPrediction<VelocityPrediction> {
  static std::string settings() { return settings_text("VelocityPrediction", {}); }

  template <Real Scalar>
  static detail::ViewShares<Scalar> denoised_shares(Scalar alpha, Scalar sigma) {
    const Scalar whole = multiply_add(alpha, alpha, sigma * sigma);
    return {alpha / whole, -sigma / whole};
  }
  template <Real Scalar>
  static detail::ViewShares<Scalar> score_shares(Scalar alpha, Scalar sigma) {
    const Scalar whole = multiply_add(alpha, alpha, sigma * sigma);
    return {-1 / whole, -alpha / (sigma * whole)};
  }
  template <Real Scalar>
  static detail::ErrorShares<Scalar> error_shares(Scalar alpha, Scalar sigma) {
    return {-1, alpha, -sigma, multiply_add(alpha, alpha, sigma * sigma)};
  }
};

}  // namespace scorefield
