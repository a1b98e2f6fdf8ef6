/// The data as the network's output (x0 prediction).
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/detail/linear_prediction.hpp"

namespace scorefield {

/// F = x0, so that D = F: the denoised sample itself, also where alpha is 0. What is right to a given error at all
/// times is too coarse where sigma is small, and the score amplifies that error by alpha / sigma^2; few steps, which
/// end by denoising, do not mind. Ho, Jain and Abbeel 2020, arXiv:2006.11239, section 3.2; Salimans and Ho 2022,
/// arXiv:2202.00512, section 4.
struct DataPrediction : detail::LinearPrediction<DataPrediction> {
  static std::string settings() { return settings_text("DataPrediction", {}); }

  template <Real Scalar>
  static detail::ViewShares<Scalar> denoised_shares(Scalar, Scalar) {
    return {0, 1};
  }
  template <Real Scalar>
  static detail::ViewShares<Scalar> score_shares(Scalar alpha, Scalar sigma) {
    return {-1 / (sigma * sigma), alpha / (sigma * sigma)};
  }
  template <Real Scalar>
  static detail::ErrorShares<Scalar> error_shares(Scalar, Scalar sigma) {
    return {1, 0, -1, sigma};
  }
};

}  // namespace scorefield
