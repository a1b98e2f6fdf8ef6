/// Tanh, the hyperbolic tangent.
#pragma once

#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"

namespace scorefield {

/// f(z) = tanh z.
struct Tanh {
  static constexpr const char* name = "Tanh";

  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    // With m = exp(-2|z|) - 1 no digits are lost near 0.
    const P m = expm1_of_negative(multiply(magnitude(z), constant<P>(-2)));
    const P size = divide(negate(m), add(m, constant<P>(2)));
    return {where_negative(z, negate(size), size), multiply_add(negate(size), size, constant<P>(1))};
  }
};

}  // namespace scorefield
