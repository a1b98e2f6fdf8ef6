/// The exponential-integrator step (DDIM, SDE-DPM-Solver++) between two noise levels: exact for a constant denoised
/// sample.
#pragma once

#include <cmath>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// A step from time s to t in terms of the denoised sample x0 = E[x(0) | x(s)]. Were x0 the same all the way, the
/// equation of stochasticity r (see stochasticity.hpp) would lead to exactly
///   x(t) = (sigma(t) / sigma(s)) exp(-r h) x(s) + alpha(t) (1 - exp(-(1 + r) h)) x0
///          + sigma(t) sqrt(1 - exp(-2 r h)) noise,   h = half_log_snr(t) - half_log_snr(s).
/// At t = 0 that is x0. Lu et al. 2022, arXiv:2211.01095, proposition 4.1, for r = 0; Xue et al. 2023,
/// arXiv:2309.05019, section 4, for any. Works on packets.
template <Real Scalar>
class DenoisedStep {
 public:
  template <Sde Equation>
  DenoisedStep(const Equation& sde, Scalar s, Scalar t, double stochasticity = 0) {
    const double h = half_log_snr(sde, t) - half_log_snr(sde, s);  // infinite at t = 0
    const double forgotten = stochasticity > 0 ? stochasticity * h : 0;
    const double pulled = stochasticity > 0 ? multiply_add(stochasticity, h, h) : h;
    keep_ = broadcast(static_cast<Scalar>(std::exp(-forgotten)) * (sde.deviation(t) / sde.deviation(s)));
    pull_ = broadcast(static_cast<Scalar>(-static_cast<double>(sde.signal(t)) * std::expm1(-pulled)));
    shake_ = broadcast(static_cast<Scalar>(std::sqrt(-std::expm1(-2 * forgotten))) * sde.deviation(t));
  }

  /// x(t), where the stochasticity is 0.
  Packet<Scalar> moved(const Packet<Scalar>& x, const Packet<Scalar>& x0) const {
    return multiply_add(pull_, x0, multiply(keep_, x));
  }

  /// x(t) by standard normals.
  Packet<Scalar> moved(const Packet<Scalar>& x, const Packet<Scalar>& x0, const Packet<Scalar>& noise) const {
    return multiply_add(shake_, noise, moved(x, x0));
  }

 private:
  Packet<Scalar> keep_, pull_, shake_;
};

}  // namespace scorefield
