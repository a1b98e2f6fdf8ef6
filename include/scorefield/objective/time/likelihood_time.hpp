/// Training times uniform in the log signal-to-noise ratio: importance sampling for the likelihood weighting.
#pragma once

#include <algorithm>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/detail/first_time.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// t has a density proportional to g^2 / sigma^2 on [t_min, t_max], and losses are weighted so that their mean over
/// times uniform there stays. By LikelihoodWeighting a squared error of the noise counts g^2 / sigma^2, so that with
/// these times its share in the gradient is the same for all: Song, Durkan et al. 2021, arXiv:2101.09258, section 5.1.
/// And since lambda = log(alpha / sigma) has the derivative f - (2 f sigma^2 + g^2) / (2 sigma^2) = -g^2 / (2 sigma^2),
/// lambda is uniform, for every equation. An equation without signal at t = 1 needs a t_max before that, for its
/// lambda there is infinite.
struct LikelihoodTime {
  double t_min = 1e-4;
  double t_max = 1;

  /// Throws InvalidArgument unless 0 < t_min < t_max <= 1, and signal and noise are positive at both.
  template <Sde Equation>
  void validate(const Equation& sde) const {
    detail::check_first_time("LikelihoodTime", t_min);
    if (!(t_max > t_min && t_max <= 1))
      throw InvalidArgument("LikelihoodTime", "t_max in (t_min, 1]", text(t_max), "1 is usual");
    using Scalar = typename Equation::Scalar;
    if (!(sde.deviation(static_cast<Scalar>(t_min)) > 0))
      throw InvalidArgument("LikelihoodTime", text("an equation with some noise at t_min = ", t_min), "none",
                            "take a later t_min");
    const auto last = static_cast<Scalar>(t_max);
    if (!(sde.signal(last) > 0))
      throw InvalidArgument("LikelihoodTime", text("an equation with some signal at t_max = ", t_max),
                            text(sde.signal(last)), "take an earlier t_max, as 0.999");
  }
  std::string settings() const { return settings_text("LikelihoodTime", {{"t_min", t_min}, {"t_max", t_max}}); }

  template <Sde Equation, Real Scalar>
  WeightedTime<Scalar> draw(const Equation& sde, Scalar u, Index, Index) const {
    const double first = half_log_snr(sde, static_cast<Scalar>(t_min));
    const double last = half_log_snr(sde, static_cast<Scalar>(t_max));
    const double lambda = std::max(last, multiply_add(static_cast<double>(u), last - first, first));
    const Scalar t = time_of_half_log_snr(sde, lambda);
    const auto ratio = static_cast<double>(sde.deviation(t)) / static_cast<double>(sde.diffusion(t));
    return {t, static_cast<Scalar>(2 * (first - last) / (t_max - t_min) * ratio * ratio)};
  }
};

}  // namespace scorefield
