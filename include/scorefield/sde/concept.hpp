/// Noising equations (forward stochastic differential equations) and noise schedules: what they must offer.
#pragma once

#include <concepts>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// An equation dx = f(t) x dt + g(t) dw on t in [0, 1] that carries data (t = 0) to noise (t = 1), of which the
/// variance-exploding, variance-preserving and sub-variance-preserving equations are instances (Song et al. 2021,
/// arXiv:2011.13456, section 3.4 and appendix B). For all t:
///   drift(t)      f(t), the coefficient of the linear drift
///   diffusion(t)  g(t)
///   signal(t)     alpha(t), and
///   deviation(t)  sigma(t): the marginal given x(0) is normal with mean alpha(t) x(0) and covariance sigma(t)^2 I.
/// They belong together by alpha' = f alpha and (sigma^2)' = 2 f sigma^2 + g^2; alpha(0) = 1 and sigma(0) = 0. Where
/// sampling starts from is the model's to say: see prior() in model/concept.hpp.
template <class S>
concept Sde = std::copy_constructible<S> && Real<typename S::Scalar> && requires(const S& sde, typename S::Scalar t) {
  { sde.drift(t) } -> std::same_as<typename S::Scalar>;
  { sde.diffusion(t) } -> std::same_as<typename S::Scalar>;
  { sde.signal(t) } -> std::same_as<typename S::Scalar>;
  { sde.deviation(t) } -> std::same_as<typename S::Scalar>;
};

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
