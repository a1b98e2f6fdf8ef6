/// The slope of the probability flow in the equation's own time, by the denoised sample.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/slopes.hpp"

namespace scorefield {

/// dx/dt = alpha' x0 + sigma' (x - alpha x0) / sigma at a time above 0: finite where the drift is not. Song et al.
/// 2021, arXiv:2011.13456, equation 13, with the score by Tweedie's formula. Works on packets.
template <Real Scalar>
class FlowSlope {
 public:
  template <Sde Equation>
  FlowSlope(const Equation& sde, Scalar t) {
    const Scalar share = deviation_slope(sde, t) / sde.deviation(t);
    of_x_ = broadcast(share);
    of_x0_ = broadcast(multiply_add(-share, sde.signal(t), signal_slope(sde, t)));
  }

  Packet<Scalar> at(const Packet<Scalar>& x, const Packet<Scalar>& x0) const {
    return multiply_add(of_x0_, x0, multiply(of_x_, x));
  }

 private:
  Packet<Scalar> of_x_, of_x0_;
};

}  // namespace scorefield
