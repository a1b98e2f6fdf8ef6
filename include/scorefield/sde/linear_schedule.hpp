/// The linear noise schedule, of a rate beta(t) that grows linearly in time.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// beta(t) = beta_min + (beta_max - beta_min) t. Song et al. 2021, arXiv:2011.13456, appendix C, equation 32; the
/// defaults are theirs.
template <Real S>
class LinearSchedule {
 public:
  using Scalar = S;

  /// Throws InvalidArgument unless 0 <= beta_min, beta_max and 0 < beta_min + beta_max < infinity.
  explicit LinearSchedule(Scalar beta_min = Scalar(0.1), Scalar beta_max = Scalar(20))
      : beta_min_(beta_min), beta_max_(beta_max), slope_(beta_max - beta_min) {
    if (!(beta_min >= 0 && beta_max >= 0 && beta_min + beta_max > 0 && std::isfinite(beta_min + beta_max)))
      throw InvalidArgument("LinearSchedule", "finite rates beta_min >= 0 and beta_max >= 0, not both 0",
                            text(beta_min, " and ", beta_max), "0.1 and 20 suit data of deviation about 1");
  }

  std::string settings() const {
    return settings_text("LinearSchedule", {{"beta_min", beta_min_}, {"beta_max", beta_max_}});
  }
  static LinearSchedule from_settings(const ReadSettings& settings) {
    settings.of("LinearSchedule");
    return LinearSchedule(settings.get<Scalar>("beta_min"), settings.get<Scalar>("beta_max"));
  }

  Scalar rate(Scalar t) const { return multiply_add(slope_, t, beta_min_); }
  Scalar integral(Scalar t) const { return t * multiply_add(slope_, t / 2, beta_min_); }

  /// The t at which the integral is `integral`, a positive number up to that of t = 1.
  Scalar time_of_integral(double integral) const {
    const auto rate = static_cast<double>(beta_min_), slope = static_cast<double>(slope_);
    // The quadratic equation's root without cancellation; what is under the root is the square of the rate at t.
    const double square = std::max(0.0, multiply_add(rate, rate, 2 * slope * integral));
    return static_cast<Scalar>(2 * integral / (rate + std::sqrt(square)));
  }

 private:
  Scalar beta_min_, beta_max_, slope_;
};

}  // namespace scorefield
