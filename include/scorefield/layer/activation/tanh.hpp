/// The hyperbolic tangent.
#pragma once

#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"

namespace scorefield {

/// f(z) = tanh z.
struct Tanh {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    // With m = exp(-2|z|) - 1 no digits are lost near 0.
    const P m = expm1_of_negative(pmul(pabs(z), pset1<P>(-2)));
    const P magnitude = pdiv(pnegate(m), padd(m, pset1<P>(2)));
    return {where_negative(z, pnegate(magnitude), magnitude), multiply_add(pnegate(magnitude), magnitude, pset1<P>(1))};
  }
};

}  // namespace scorefield
