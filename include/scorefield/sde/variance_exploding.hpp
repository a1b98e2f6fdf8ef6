/// The variance-exploding stochastic differential equation (VE SDE) with geometric noise.
#pragma once

#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// dx = sigma_min r^t sqrt(2 log r) dw with r = sigma_max / sigma_min: noise is added to data that stay as they are, so
/// that sigma(t)^2 = sigma_min^2 (r^(2 t) - 1). The limit of the levels of noise-conditional score networks. Song et
/// al. 2021, arXiv:2011.13456, equations 29 and 30, whose usual code has sigma_min^2 r^(2 t) for the variance, with
/// noise at t = 0; this is the exact variance of their equation, which has none there. A sigma_max as large as the
/// largest distance between data leaves nothing of them. Samples grow as large: take a prediction that scales what the
/// network sees, EdmPreconditioning or LinearDenoiserCorrection.
template <Real S>
class VarianceExploding {
 public:
  using Scalar = S;

  /// Throws InvalidArgument unless 0 < sigma_min < sigma_max < infinity.
  explicit VarianceExploding(Scalar sigma_min = Scalar(0.01), Scalar sigma_max = Scalar(50))
      : sigma_min_(sigma_min),
        sigma_max_(sigma_max),
        log_ratio_(std::log(static_cast<double>(sigma_max) / static_cast<double>(sigma_min))) {
    if (!(sigma_min > 0 && sigma_min < sigma_max && std::isfinite(sigma_max)))
      throw InvalidArgument("VarianceExploding", "0 < sigma_min < sigma_max < infinity",
                            text(sigma_min, " and ", sigma_max), "0.01 and 50 suit data of deviation about 1");
  }

  std::string settings() const {
    return settings_text("VarianceExploding", {{"sigma_min", sigma_min_}, {"sigma_max", sigma_max_}});
  }
  static VarianceExploding from_settings(const ReadSettings& settings) {
    settings.of("VarianceExploding");
    return VarianceExploding(settings.get<Scalar>("sigma_min"), settings.get<Scalar>("sigma_max"));
  }

  Scalar drift(Scalar) const { return 0; }
  Scalar diffusion(Scalar t) const {
    return sigma_min_ * static_cast<Scalar>(std::exp(log_ratio_ * static_cast<double>(t)) * std::sqrt(2 * log_ratio_));
  }
  Scalar signal(Scalar) const { return 1; }
  Scalar deviation(Scalar t) const {
    return sigma_min_ * static_cast<Scalar>(std::sqrt(std::expm1(2 * log_ratio_ * static_cast<double>(t))));
  }

  /// The t at which -log(sigma) is lambda.
  Scalar time_of_half_log_snr(double lambda) const {
    const double ratio = std::exp(-lambda) / static_cast<double>(sigma_min_);
    return static_cast<Scalar>(std::log1p(ratio * ratio) / (2 * log_ratio_));
  }

 private:
  Scalar sigma_min_, sigma_max_;
  double log_ratio_;
};

}  // namespace scorefield
