/// The quantile function of the standard normal distribution, fast enough for a call a sample.
#pragma once

#include <algorithm>
#include <cmath>

#include "scorefield/core/simd/fused.hpp"

namespace scorefield::detail {

/// The z below which a standard normal number is with probability p in (0, 1); relative error 1.2e-9. Acklam's rational
/// approximations, 2003, https://web.archive.org/web/20151030215612/http://home.online.no/~pjacklam/notes/invnorm/.
inline double approximate_normal_quantile(double p) {
  const auto polynomial = [](double x, const auto&... coefficients) {
    double sum = 0;
    ((sum = multiply_add(sum, x, coefficients)), ...);
    return sum;
  };
  if (const double tail = p < 0.5 ? p : 1 - p; tail < 0.02425) {
    const double q = std::sqrt(-2 * std::log(tail));
    const double z =
        polynomial(q, -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00,
                   4.374664141464968e+00, 2.938163982698783e+00) /
        polynomial(q, 7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1.0);
    return p < 0.5 ? z : -z;
  }
  const double q = p - 0.5, r = q * q;
  return q *
         polynomial(r, -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
                    -3.066479806614716e+01, 2.506628277459239e+00) /
         polynomial(r, -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
                    -1.328068155288572e+01, 1.0);
}

/// The same for p in [0, 1], but within six deviations.
inline double bounded_normal_quantile(double p) {
  constexpr double beyond = 9.8659e-10;  // the share below six deviations
  return approximate_normal_quantile(std::clamp(p, beyond, 1 - beyond));
}

/// The share of standard normal numbers below z.
inline double normal_share_below(double z) { return std::erfc(-z * 0.70710678118654752) / 2; }

}  // namespace scorefield::detail
