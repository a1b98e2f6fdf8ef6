/// The noise as the network's output (epsilon prediction).
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/detail/linear_prediction.hpp"

namespace scorefield {

/// F = eps, so that D = (x - sigma F) / alpha: a target of variance 1 at all times, the usual choice for images. It
/// cannot be denoised with where alpha is 0. Ho, Jain and Abbeel 2020, arXiv:2006.11239, section 3.2.
///
/// A network that is told the raw t, as an MLP is here, can hardly tell early times apart, where x is nearly the data
/// and eps a small part of it. There its mean square error may stay above 1, which predicting nothing has: 1.05 at t =
/// 1e-4 after 20,000 steps on the Swiss roll.
struct NoisePrediction : detail::LinearPrediction<NoisePrediction> {
  static constexpr bool needs_signal = true;

  static std::string settings() { return settings_text("NoisePrediction", {}); }

  template <Real Scalar>
  static detail::ViewShares<Scalar> denoised_shares(Scalar alpha, Scalar sigma) {
    return {1 / alpha, -sigma / alpha};
  }
  template <Real Scalar>
  static detail::ViewShares<Scalar> score_shares(Scalar, Scalar sigma) {
    return {0, -1 / sigma};
  }
  template <Real Scalar>
  static detail::ErrorShares<Scalar> error_shares(Scalar alpha, Scalar) {
    return {-1, 1, 0, alpha};
  }
};

}  // namespace scorefield
