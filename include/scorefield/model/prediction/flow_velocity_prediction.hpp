/// The velocity of straight paths from data to noise (flow matching) as the network's output.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/detail/linear_prediction.hpp"

namespace scorefield {

/// F = eps - x0, so that D = (x - sigma F) / (alpha + sigma), also where alpha is 0. Along rectified flow's paths it is
/// dx/dt, and its loss that of conditional flow matching; it serves any equation, though with data of deviation 1 its
/// target has a variance of 2. Liu et al. 2022, arXiv:2209.03003, equation 1; Lipman et al. 2022, arXiv:2210.02747,
/// equation 23.
struct FlowVelocityPrediction : detail::LinearPrediction<FlowVelocityPrediction> {
  static std::string settings() { return settings_text("FlowVelocityPrediction", {}); }

  template <Real Scalar>
  static detail::ViewShares<Scalar> denoised_shares(Scalar alpha, Scalar sigma) {
    return {1 / (alpha + sigma), -sigma / (alpha + sigma)};
  }
  /// -eps / sigma, and eps = (x + alpha F) / (alpha + sigma).
  template <Real Scalar>
  static detail::ViewShares<Scalar> score_shares(Scalar alpha, Scalar sigma) {
    const Scalar whole = sigma * (alpha + sigma);
    return {-1 / whole, -alpha / whole};
  }
  template <Real Scalar>
  static detail::ErrorShares<Scalar> error_shares(Scalar alpha, Scalar sigma) {
    return {-1, 1, -1, alpha + sigma};
  }
};

}  // namespace scorefield
