/// The cosine noise schedule, whose signal falls as a cosine of time.
#pragma once

#include <cmath>
#include <numbers>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/detail/last_half_log_snr.hpp"

namespace scorefield {

/// The variance-preserving equation with signal cos(a t) and deviation sin(a t), beta(t) = 2 a tan(a t): noise comes
/// more evenly than by the linear schedule, as suits small images. a is a little less than pi / 2, so that half the log
/// signal-to-noise ratio ends at half_log_snr_min. Nichol and Dhariwal 2021, arXiv:2102.09672, equation 17, without the
/// offset s, as Hoogeboom et al. 2023, arXiv:2301.11093, whose end is the default.
template <Real S>
class CosineSchedule {
 public:
  using Scalar = S;

  /// Throws InvalidArgument unless half_log_snr_min is in [-15, 5].
  explicit CosineSchedule(Scalar half_log_snr_min = Scalar(-7.5))
      : half_log_snr_min_(half_log_snr_min),
        left_(std::atan(std::exp(detail::last_half_log_snr("CosineSchedule", half_log_snr_min)))),
        angle_(std::numbers::pi / 2 - left_) {}

  std::string settings() const { return settings_text("CosineSchedule", {{"half_log_snr_min", half_log_snr_min_}}); }
  static CosineSchedule from_settings(const ReadSettings& settings) {
    return CosineSchedule(settings.of("CosineSchedule").template get<Scalar>("half_log_snr_min"));
  }

  Scalar rate(Scalar t) const {
    return static_cast<Scalar>(2 * angle_ * (early(t) ? std::tan(angle_ * t) : 1 / std::tan(complement(t))));
  }

  /// -2 log cos(a t).
  Scalar integral(Scalar t) const {
    const double sine = std::sin(early(t) ? angle_ * t : complement(t));
    return static_cast<Scalar>(early(t) ? -std::log1p(-sine * sine) : -2 * std::log(sine));
  }

  /// The t at which the integral is `integral`, a positive number up to that of t = 1.
  Scalar time_of_integral(double integral) const {
    return static_cast<Scalar>(std::atan(std::sqrt(std::expm1(integral))) / angle_);
  }

 private:
  static bool early(Scalar t) { return t < Scalar(0.5); }
  /// pi / 2 - a t, without cancellation where it is small.
  double complement(Scalar t) const { return multiply_add(angle_, 1 - static_cast<double>(t), left_); }

  Scalar half_log_snr_min_;
  double left_, angle_;  // pi / 2 - a, and a
};

}  // namespace scorefield
