/// The score as the network's output.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/detail/linear_prediction.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// F = grad log p_t(x), so that D = (x + sigma^2 F) / alpha. Its size grows with 1 / sigma, and it cannot be denoised
/// with where alpha is 0. Song et al. 2021, arXiv:2011.13456, equation 7.
struct ScorePrediction : detail::LinearPrediction<ScorePrediction> {
  static constexpr bool needs_signal = true;

  static std::string settings() { return settings_text("ScorePrediction", {}); }

  template <Real Scalar>
  void score(const NoisyBatch<Scalar>&, MatrixView<Scalar>, Workspace&) const {}

  template <Real Scalar>
  static detail::ViewShares<Scalar> denoised_shares(Scalar alpha, Scalar sigma) {
    return {1 / alpha, sigma * sigma / alpha};
  }
  template <Real Scalar>
  static detail::ErrorShares<Scalar> error_shares(Scalar alpha, Scalar sigma) {
    return {sigma, 1, 0, alpha};
  }
};

}  // namespace scorefield
