/// The log-normal distribution of training noise levels, as EDM has it.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/detail/level_range.hpp"
#include "scorefield/objective/time/detail/normal_quantile.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// ln(sigma / alpha), the logarithm of the noise's deviation in units of the data, is normal, within what levels the
/// equation has. It is meant to change what counts, the middle levels: weights are 1. With EdmWeighting it is the loss
/// of EDM. Karras et al. 2022, arXiv:2206.00364, table 1.
struct LogNormalSigma {
  double mean = -1.2;
  double deviation = 1.2;

  /// Throws InvalidArgument unless mean and deviation are finite, the deviation is positive, and the equation has at
  /// least a thousandth of the distribution's levels.
  template <Sde Equation>
  void validate(const Equation& sde) const {
    if (!(std::isfinite(mean) && deviation > 0 && std::isfinite(deviation)))
      throw InvalidArgument("LogNormalSigma", "a finite mean and a positive, finite deviation",
                            text(mean, " and ", deviation), "-1.2 and 1.2 are EDM's");
    const auto range = detail::LevelRange::of(sde);
    if (const double share = share_below(range.highest) - share_below(range.lowest); !(share >= 1e-3))
      throw InvalidArgument("LogNormalSigma", "an equation that has at least 0.001 of the noise levels", text(share),
                            text("its ln(sigma / alpha) is from ", range.lowest, " to ", range.highest));
  }
  std::string settings() const { return settings_text("LogNormalSigma", {{"mean", mean}, {"deviation", deviation}}); }

  template <Sde Equation, Real Scalar>
  WeightedTime<Scalar> draw(const Equation& sde, Scalar u, Index, Index) const {
    const auto [lowest, highest] = detail::LevelRange::of(sde);
    const double below = share_below(lowest);
    const double share = multiply_add(static_cast<double>(u), share_below(highest) - below, below);
    const double level = multiply_add(deviation, detail::bounded_normal_quantile(share), mean);
    return {time_of_half_log_snr(sde, -std::clamp(level, lowest, highest)), 1};
  }

 private:
  double share_below(double level) const { return detail::normal_share_below((level - mean) / deviation); }
};

}  // namespace scorefield
