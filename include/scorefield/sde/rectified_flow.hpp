/// Rectified flow (flow matching with straight paths): data and noise are interpolated linearly.
#pragma once

#include <cmath>
#include <string>

#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// alpha = 1 - t and sigma = t, which belong to dx = -x / (1 - t) dt + sqrt(2 t / (1 - t)) dw: paths from data to noise
/// are straight, so that few steps lead along them. No signal is left at t = 1, where drift and diffusion are infinite
/// and the slopes of signal and deviation are not: predictions that divide by the signal cannot serve it, the velocity
/// and the data can. Liu et al. 2022, arXiv:2209.03003, equation 1; Lipman et al. 2022, arXiv:2210.02747, section 4.1.
template <Real S>
class RectifiedFlow {
 public:
  using Scalar = S;

  static constexpr bool leaves_signal = false;

  static std::string settings() { return settings_text("RectifiedFlow", {}); }
  static RectifiedFlow from_settings(const ReadSettings& settings) {
    settings.of("RectifiedFlow");
    return {};
  }

  Scalar drift(Scalar t) const { return -1 / (1 - t); }
  Scalar diffusion(Scalar t) const { return std::sqrt(2 * t / (1 - t)); }
  Scalar signal(Scalar t) const { return 1 - t; }
  Scalar deviation(Scalar t) const { return t; }
  Scalar signal_slope(Scalar) const { return -1; }
  Scalar deviation_slope(Scalar) const { return 1; }

  /// The t at which log((1 - t) / t) is lambda.
  Scalar time_of_half_log_snr(double lambda) const { return static_cast<Scalar>(1 / (1 + std::exp(lambda))); }
};

}  // namespace scorefield
