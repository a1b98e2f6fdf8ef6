/// Half the log signal-to-noise ratio (log SNR, lambda): its value at a time, and the time at which it has a value.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// lambda(t) = log(alpha(t) / sigma(t)), half the logarithm of the signal-to-noise ratio, for t in [0, 1]: it falls
/// from infinity at t = 0, to minus infinity where no signal is left at t = 1. In double, because samplers take
/// differences of it. Lu et al. 2022, arXiv:2206.00927, section 3.1.
template <Sde Equation>
double half_log_snr(const Equation& sde, typename Equation::Scalar t) {
  return std::log(static_cast<double>(sde.signal(t))) - std::log(static_cast<double>(sde.deviation(t)));
}

namespace detail {

/// An equation that solves lambda(t) = lambda for t itself.
template <class Equation>
concept KnowsTimeOfHalfLogSnr = requires(const Equation& sde, double lambda) {
  { sde.time_of_half_log_snr(lambda) } -> std::same_as<typename Equation::Scalar>;
};

/// The later one of the neighbouring numbers in (0, 1] between which half_log_snr falls to lambda.
template <Sde Equation>
typename Equation::Scalar bisect_half_log_snr(const Equation& sde, double lambda) {
  using Scalar = typename Equation::Scalar;
  // Positive numbers are in the order of their bits, of which small times have as many as large ones.
  using Bits = std::conditional_t<sizeof(Scalar) == 4, std::uint32_t, std::uint64_t>;
  Bits early = 0, late = std::bit_cast<Bits>(Scalar(1));
  while (late - early > 1) {
    const Bits middle = early + (late - early) / 2;
    (half_log_snr(sde, std::bit_cast<Scalar>(middle)) > lambda ? early : late) = middle;
  }
  return std::bit_cast<Scalar>(late);
}

}  // namespace detail

/// The t in (0, 1] at which half_log_snr(sde, t) is lambda, as exactly as Scalar can tell: off by a few roundings of t,
/// of lambda and of the equation's own signal and deviation. A closed form where the equation has a member of this
/// name, bisection otherwise. Throws InvalidArgument unless lambda is finite and at least lambda(1), but for rounding.
template <Sde Equation>
typename Equation::Scalar time_of_half_log_snr(const Equation& sde, double lambda) {
  using Scalar = typename Equation::Scalar;
  const double last = half_log_snr(sde, Scalar(1));
  const double rounding = 8 * static_cast<double>(std::numeric_limits<Scalar>::epsilon()) * std::max(1.0, -last);
  if (!(std::isfinite(lambda) && lambda >= last - rounding))
    throw InvalidArgument("time_of_half_log_snr", text("a finite number from ", last, " on, which it is at t = 1"),
                          text(lambda), "the signal-to-noise ratio falls from infinity at t = 0");
  if (lambda <= last) return 1;
  if constexpr (detail::KnowsTimeOfHalfLogSnr<Equation>) {
    const Scalar t = sde.time_of_half_log_snr(lambda);
    // For the largest lambda the closed form is 0, or not a number.
    return t > 0 ? std::min(Scalar(1), t) : std::numeric_limits<Scalar>::denorm_min();
  } else {
    return detail::bisect_half_log_snr(sde, lambda);
  }
}

}  // namespace scorefield
