/// The sigmoid noise schedule, whose signal falls as a logistic function of time.
#pragma once

#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/detail/last_half_log_snr.hpp"

namespace scorefield {

/// Where on the logistic curve it starts and ends, the curve's temperature, and half the log signal-to-noise ratio at
/// t = 1.
template <Real Scalar>
struct SigmoidScheduleOptions {
  Scalar start = -3, end = 3, temperature = 1, half_log_snr_min = Scalar(-7.5);
};

/// alpha(t)^2 = 1 - (1 - alpha(1)^2) u(t), where u goes from 0 to 1 as the logistic function does between
/// start / temperature and end / temperature: the lower the temperature, the longer data stay nearly clean and then
/// nearly noise, and the faster it goes in between. Made for larger images than the cosine suits. Jabri, Fleet and Chen
/// 2022, arXiv:2212.11972, and Chen 2023, arXiv:2301.10972, algorithm 1, who cut alpha^2 off at 1e-9 where this one
/// ends at half_log_snr_min.
template <Real S>
class SigmoidSchedule {
 public:
  using Scalar = S;
  using Options = SigmoidScheduleOptions<Scalar>;

  /// Throws InvalidArgument unless start < end and temperature > 0 are finite and of a range (end - start) /
  /// temperature of at most 100, start / temperature is in [-50, 50], and half_log_snr_min in [-15, 5].
  explicit SigmoidSchedule(const Options& options = {}) : options_(options) {
    const double temperature = static_cast<double>(options.temperature);
    const double start = static_cast<double>(options.start) / temperature,
                 range = static_cast<double>(options.end) / temperature - start;
    if (!(temperature > 0 && std::abs(start) <= 50 && range > 0 && range <= 100))
      throw InvalidArgument("SigmoidSchedule",
                            "start < end and temperature > 0, the first two at most 50 temperatures from 0",
                            text(options.start, ", ", options.end, " and ", options.temperature),
                            "-3, 3 and temperatures of 0.5 to 1 are usual");
    start_ = start / 2;
    half_range_ = range / 2;
    noise_ = 1 / (1 + std::exp(2 * detail::last_half_log_snr("SigmoidSchedule", options.half_log_snr_min)));
    signal_ = noise_ * std::exp(2 * static_cast<double>(options.half_log_snr_min));
  }

  std::string settings() const {
    return settings_text("SigmoidSchedule", {{"start", options_.start},
                                             {"end", options_.end},
                                             {"temperature", options_.temperature},
                                             {"half_log_snr_min", options_.half_log_snr_min}});
  }
  static SigmoidSchedule from_settings(const ReadSettings& settings) {
    settings.of("SigmoidSchedule");
    return SigmoidSchedule({settings.get<Scalar>("start"), settings.get<Scalar>("end"),
                            settings.get<Scalar>("temperature"), settings.get<Scalar>("half_log_snr_min")});
  }

  Scalar rate(Scalar t) const {
    const double here = std::cosh(at(t));
    const double slope = half_range_ * (std::cosh(start_) / here) * (std::cosh(end()) / here) / std::sinh(half_range_);
    return static_cast<Scalar>(noise_ * slope / multiply_add(signal_, gone(t), left(t)));
  }

  /// -log(alpha^2).
  Scalar integral(Scalar t) const {
    const double u = gone(t);
    return static_cast<Scalar>(u < 0.5 ? -std::log1p(-noise_ * u) : -std::log(multiply_add(signal_, u, left(t))));
  }

  /// The t at which the integral is `integral`, a positive number up to that of t = 1.
  Scalar time_of_integral(double integral) const {
    // u = sinh(h t) / (k cosh(start + h t)), where h is half the range, is exp(2 h t) = (1 + u k exp(-start)) /
    // (1 - u k exp(start)).
    const double u = -std::expm1(-integral) / noise_, remains = (std::exp(-integral) - signal_) / noise_;
    const double k = std::sinh(half_range_) / std::cosh(end()), share = k * std::exp(start_);
    const double rest = std::exp(-half_range_) * std::cosh(start_) / std::cosh(end());  // 1 - share
    const double below = u < 0.5 ? std::log1p(-u * share) : std::log(multiply_add(remains, share, rest));
    return static_cast<Scalar>((std::log1p(u * k * std::exp(-start_)) - below) / (2 * half_range_));
  }

 private:
  /// Half the logistic function's argument, at t and at t = 1.
  double at(Scalar t) const { return multiply_add(half_range_, static_cast<double>(t), start_); }
  double end() const { return start_ + half_range_; }

  /// u(t) and 1 - u(t), without cancellation: differences of logistic functions by the addition theorem.
  double gone(Scalar t) const {
    const double share = std::sinh(half_range_ * static_cast<double>(t)) / std::sinh(half_range_);
    return share * (std::cosh(end()) / std::cosh(at(t)));
  }
  double left(Scalar t) const {
    const double share = std::sinh(half_range_ * (1 - static_cast<double>(t))) / std::sinh(half_range_);
    return share * (std::cosh(start_) / std::cosh(at(t)));
  }

  Options options_;
  double start_, half_range_;  // half the logistic function's argument at t = 0, and how far it goes
  double noise_, signal_;      // 1 - alpha(1)^2, and alpha(1)^2
};

}  // namespace scorefield
