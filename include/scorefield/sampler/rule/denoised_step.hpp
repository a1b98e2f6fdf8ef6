/// The exponential-integrator step (DDIM, SDE-DPM-Solver++) between two noise levels: exact for a constant denoised
/// sample.
#pragma once

#include <cmath>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// How much of the posterior's noise a step adds, in [0, 1]: Song, Meng and Ermon 2021, arXiv:2010.02502, equation 16.
struct Eta {
  double value;
};

/// A step from time s to t in terms of the denoised sample x0 = E[x(0) | x(s)]. Were x0 the same all the way, the
/// equation of stochasticity r (see stochasticity.hpp) would lead to exactly
///   x(t) = (sigma(t) / sigma(s)) exp(-f) x(s) + alpha(t) (1 - exp(-h - f)) x0 + sigma(t) sqrt(1 - exp(-2 f)) noise
/// with h = half_log_snr(t) - half_log_snr(s) and f = r h, by which the noise in x(s) is forgotten. At t = 0 that is
/// x0. Lu et al. 2022, arXiv:2211.01095, proposition 4.1, for r = 0; Xue et al. 2023, arXiv:2309.05019, section 4, for
/// any. DDIM's step of any eta is of this form as well, with exp(-2 f) = 1 - eta^2 (1 - exp(-2 h)): where eta is 1,
/// x(t) is drawn from the normal distribution that it has given x(s) and x0, and f = h. Works on packets.
template <Real Scalar>
class DenoisedStep {
 public:
  template <Sde Equation>
  DenoisedStep(const Equation& sde, Scalar s, Scalar t, double stochasticity = 0) {
    const double h = gain(sde, s, t);
    set(sde, s, t, stochasticity > 0 ? stochasticity * h : 0,
        stochasticity > 0 ? multiply_add(stochasticity, h, h) : h);
  }
  template <Sde Equation>
  DenoisedStep(const Equation& sde, Scalar s, Scalar t, Eta eta) {
    const double h = gain(sde, s, t), e = eta.value;
    const double forgotten = e > 0 ? -std::log1p(e * e * std::expm1(-2 * h)) / 2 : 0;
    set(sde, s, t, forgotten, h + forgotten);
  }

  /// x(t), where nothing is forgotten.
  Packet<Scalar> moved(const Packet<Scalar>& x, const Packet<Scalar>& x0) const {
    return multiply_add(pull_, x0, multiply(keep_, x));
  }

  /// x(t) by standard normals.
  Packet<Scalar> moved(const Packet<Scalar>& x, const Packet<Scalar>& x0, const Packet<Scalar>& noise) const {
    return multiply_add(shake_, noise, moved(x, x0));
  }

 private:
  /// h: infinite from where no signal is, and at t = 0.
  template <Sde Equation>
  static double gain(const Equation& sde, Scalar s, Scalar t) {
    return half_log_snr(sde, t) - half_log_snr(sde, s);
  }

  template <Sde Equation>
  void set(const Equation& sde, Scalar s, Scalar t, double forgotten, double pulled) {
    const Scalar ratio = sde.deviation(t) / sde.deviation(s);
    keep_ = broadcast(static_cast<Scalar>(std::exp(-forgotten)) * ratio);
    pull_ =
        broadcast(sde.signal(t) == 0 ? -ratio * sde.signal(s)  // to pure noise: x takes its signal along no further
                                     : static_cast<Scalar>(-static_cast<double>(sde.signal(t)) * std::expm1(-pulled)));
    shake_ = broadcast(static_cast<Scalar>(std::sqrt(-std::expm1(-2 * forgotten))) * sde.deviation(t));
  }

  Packet<Scalar> keep_, pull_, shake_;
};

}  // namespace scorefield
