/// The variance-preserving stochastic differential equation (VP SDE).
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/linear_schedule.hpp"

namespace scorefield {

/// dx = -1/2 beta(t) x dt + sqrt(beta(t)) dw: data of unit variance keep it. The limit of DDPM's chain and the usual
/// first choice. Song et al. 2021, arXiv:2011.13456, equation 11; the marginal is equation 29.
template <Real S, NoiseSchedule Schedule = LinearSchedule<S>>
class VariancePreserving {
 public:
  using Scalar = S;

  explicit VariancePreserving(Schedule schedule = Schedule{}) : schedule_(std::move(schedule)) {}

  std::string settings() const requires HasSettings<Schedule> {
    return settings_text("VariancePreserving", {{"schedule", schedule_.settings()}});
  }
  static VariancePreserving from_settings(const ReadSettings& settings) requires HasSettings<Schedule> {
    return VariancePreserving(
        Schedule::from_settings(ReadSettings(settings.of("VariancePreserving").template get<std::string>("schedule"))));
  }

  Scalar drift(Scalar t) const { return -schedule_.rate(t) / 2; }
  Scalar diffusion(Scalar t) const { return std::sqrt(schedule_.rate(t)); }
  Scalar signal(Scalar t) const { return std::exp(-schedule_.integral(t) / 2); }
  Scalar deviation(Scalar t) const { return std::sqrt(-std::expm1(-schedule_.integral(t))); }

  Scalar deviation_slope(Scalar t) const {
    return schedule_.rate(t) * std::exp(-schedule_.integral(t)) / (2 * deviation(t));
  }

  /// The t at which log(alpha / sigma) = -1/2 log(exp(integral) - 1) is lambda.
  Scalar time_of_half_log_snr(double lambda) const requires InvertibleSchedule<Schedule> {
    // log(1 + exp(-2 lambda)) that does not overflow.
    return schedule_.time_of_integral(std::max(0.0, -2 * lambda) + std::log1p(std::exp(-std::abs(2 * lambda))));
  }

 private:
  Schedule schedule_;
};

template <NoiseSchedule Schedule>
VariancePreserving(Schedule) -> VariancePreserving<typename Schedule::Scalar, Schedule>;

}  // namespace scorefield
