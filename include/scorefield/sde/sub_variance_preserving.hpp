/// The sub-variance-preserving stochastic differential equation (sub-VP SDE).
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/read_settings.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/linear_schedule.hpp"

namespace scorefield {

/// dx = -1/2 beta(t) x dt + sqrt(beta(t) (1 - exp(-2 B(t)))) dw, where B is the integral of beta: the signal of the
/// variance-preserving equation with less noise, sigma = 1 - exp(-B). Its paths are smoother at early times, which
/// likelihoods gain by. Song et al. 2021, arXiv:2011.13456, equations 14 and 29.
template <Real S, NoiseSchedule Schedule = LinearSchedule<S>>
class SubVariancePreserving {
 public:
  using Scalar = S;

  explicit SubVariancePreserving(Schedule schedule = Schedule{}) : schedule_(std::move(schedule)) {}

  std::string settings() const requires HasSettings<Schedule> {
    return settings_text("SubVariancePreserving", {{"schedule", schedule_.settings()}});
  }
  static SubVariancePreserving from_settings(const ReadSettings& settings) requires HasSettings<Schedule> {
    settings.of("SubVariancePreserving");
    return SubVariancePreserving(Schedule::from_settings(ReadSettings(settings.get<std::string>("schedule"))));
  }

  Scalar drift(Scalar t) const { return -schedule_.rate(t) / 2; }
  Scalar diffusion(Scalar t) const { return std::sqrt(schedule_.rate(t) * -std::expm1(-2 * schedule_.integral(t))); }
  Scalar signal(Scalar t) const { return std::exp(-schedule_.integral(t) / 2); }
  Scalar deviation(Scalar t) const { return -std::expm1(-schedule_.integral(t)); }
  Scalar deviation_slope(Scalar t) const { return schedule_.rate(t) * std::exp(-schedule_.integral(t)); }

  /// The t at which log(alpha / sigma) = -log(2 sinh(B / 2)) is lambda.
  Scalar time_of_half_log_snr(double lambda) const requires InvertibleSchedule<Schedule> {
    return schedule_.time_of_integral(2 * std::asinh(std::exp(-lambda) / 2));
  }

 private:
  Schedule schedule_;
};

template <NoiseSchedule Schedule>
SubVariancePreserving(Schedule) -> SubVariancePreserving<typename Schedule::Scalar, Schedule>;

}  // namespace scorefield
