/// Noising equations (forward stochastic differential equations) and noise schedules: what they must offer.
#pragma once

#include <concepts>
#include <type_traits>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// An equation dx = f(t) x dt + g(t) dw on t in [0, 1] that carries data (t = 0) to noise (t = 1), of which the
/// variance-exploding, variance-preserving and sub-variance-preserving equations are instances (Song et al. 2021,
/// arXiv:2011.13456, section 3.4 and appendix B). For all t:
///   drift(t)      f(t), the coefficient of the linear drift
///   diffusion(t)  g(t)
///   signal(t)     alpha(t), and
///   deviation(t)  sigma(t): the marginal given x(0) is normal with mean alpha(t) x(0) and covariance sigma(t)^2 I.
/// They belong together by alpha' = f alpha and (sigma^2)' = 2 f sigma^2 + g^2; alpha(0) = 1 and sigma(0) = 0, and
/// alpha / sigma falls in between. Where sampling starts from is the model's to say: see prior() in model/concept.hpp.
/// It may offer, where it knows better than the free functions of these names in slopes.hpp and half_log_snr.hpp:
///   signal_slope(t), deviation_slope(t)  alpha'(t) and sigma'(t), for t in [0, 1]
///   time_of_half_log_snr(lambda)         the t at which log(alpha / sigma) is lambda, a double
/// and, where alpha(1) = 0, so that drift and diffusion may be infinite at t = 1, it says so:
///   static constexpr bool leaves_signal = false
template <class S>
concept Sde = std::copy_constructible<S> && Real<typename S::Scalar> && requires(const S& sde, typename S::Scalar t) {
  { sde.drift(t) } -> std::same_as<typename S::Scalar>;
  { sde.diffusion(t) } -> std::same_as<typename S::Scalar>;
  { sde.signal(t) } -> std::same_as<typename S::Scalar>;
  { sde.deviation(t) } -> std::same_as<typename S::Scalar>;
};

/// Whether an equation leaves signal at t = 1, as far as its type says: true unless it has a constant of this name that
/// is false.
template <class Equation>
constexpr bool leaves_signal() {
  if constexpr (requires { std::bool_constant<Equation::leaves_signal>{}; })
    return Equation::leaves_signal;
  else
    return true;
}

/// What a noise schedule must offer: the rate beta(t) >= 0 on [0, 1] and its integral from 0 to t.
template <class S>
concept NoiseSchedule = std::copy_constructible<S> && Real<typename S::Scalar> &&
    requires(const S& schedule, typename S::Scalar t) {
  { schedule.rate(t) } -> std::same_as<typename S::Scalar>;
  { schedule.integral(t) } -> std::same_as<typename S::Scalar>;
};

/// A schedule that also knows the time at which its integral is a given number, from above 0 up to integral(1).
template <class S>
concept InvertibleSchedule = NoiseSchedule<S> && requires(const S& schedule, double integral) {
  { schedule.time_of_integral(integral) } -> std::same_as<typename S::Scalar>;
};

}  // namespace scorefield
