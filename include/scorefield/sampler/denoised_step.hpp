/// What samplers of the probability flow do in a step.
#pragma once

#include <cmath>

#include "scorefield/core/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// A step of the probability flow from time s to t in terms of the denoised sample x0 = E[x(0) | x(s)]. Were x0 the
/// same all the way, the flow would lead to exactly
///   x(t) = (sigma(t) / sigma(s)) x(s) + alpha(t) (1 - exp(-h)) x0,   h = half_log_snr(t) - half_log_snr(s).
/// At t = 0 that is x0. Lu et al. 2022, arXiv:2211.01095, proposition 4.1. Works on packets.
template <Real Scalar>
class DenoisedStep {
 public:
  template <Sde Equation>
  DenoisedStep(const Equation& sde, Scalar s, Scalar t)
      : variance_(broadcast(sde.deviation(s) * sde.deviation(s))),
        inverse_signal_(broadcast(1 / sde.signal(s))),
        keep_(broadcast(sde.deviation(t) / sde.deviation(s))),
        pull_(broadcast(pull(sde, s, t))) {}

  /// x0 = (x + sigma(s)^2 score) / alpha(s): Tweedie's formula.
  Packet<Scalar> denoised(const Packet<Scalar>& x, const Packet<Scalar>& score) const {
    return multiply(inverse_signal_, multiply_add(variance_, score, x));
  }

  Packet<Scalar> moved(const Packet<Scalar>& x, const Packet<Scalar>& x0) const {
    return multiply_add(pull_, x0, multiply(keep_, x));
  }

 private:
  template <Sde Equation>
  static Scalar pull(const Equation& sde, Scalar s, Scalar t) {
    const double h = half_log_snr(sde, t) - half_log_snr(sde, s);
    return static_cast<Scalar>(-static_cast<double>(sde.signal(t)) * std::expm1(-h));
  }

  Packet<Scalar> variance_, inverse_signal_, keep_, pull_;
};

}  // namespace scorefield
