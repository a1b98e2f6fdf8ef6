/// EDM's equation: the noise that is added to the data has a deviation that grows linearly in time.
#pragma once

#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// alpha = 1 and sigma = sigma_max t, so that dx = sigma_max sqrt(2 t) dw: the paths of the probability flow are nearly
/// straight at both ends. To be learnt with EdmPreconditioning, which keeps what a network sees of variance 1. Karras
/// et al. 2022, arXiv:2206.00364, table 1, where time is sigma itself; the default is theirs, for data of deviation
/// 0.5.
template <Real S>
class EdmEquation {
 public:
  using Scalar = S;

  /// Throws InvalidArgument unless sigma_max is positive and finite.
  explicit EdmEquation(Scalar sigma_max = Scalar(80)) : sigma_max_(sigma_max) {
    if (!(sigma_max > 0 && std::isfinite(sigma_max)))
      throw InvalidArgument("EdmEquation", "a positive, finite sigma_max", text(sigma_max),
                            "80 is usual for data of deviation 0.5 to 1");
  }

  std::string settings() const { return settings_text("EdmEquation", {{"sigma_max", sigma_max_}}); }
  static EdmEquation from_settings(const ReadSettings& settings) {
    return EdmEquation(settings.of("EdmEquation").template get<Scalar>("sigma_max"));
  }

  Scalar drift(Scalar) const { return 0; }
  Scalar diffusion(Scalar t) const { return sigma_max_ * std::sqrt(2 * t); }
  Scalar signal(Scalar) const { return 1; }
  Scalar deviation(Scalar t) const { return sigma_max_ * t; }
  Scalar signal_slope(Scalar) const { return 0; }
  Scalar deviation_slope(Scalar) const { return sigma_max_; }

  /// The t at which -log(sigma) is lambda.
  Scalar time_of_half_log_snr(double lambda) const {
    return static_cast<Scalar>(std::exp(-lambda) / static_cast<double>(sigma_max_));
  }

 private:
  Scalar sigma_max_;
};

}  // namespace scorefield
