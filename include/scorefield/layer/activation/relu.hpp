/// ReLU, the rectified linear unit.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"

namespace scorefield {

/// f(z) = max(z, 0). Its derivative at 0 is taken as 0.
struct ReLU {
  static constexpr const char* name = "ReLU";

  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    const P zero = constant<P>(0);
    return {where_negative(z, zero, z), where_negative(negate(z), constant<P>(1), zero)};
  }
};

}  // namespace scorefield
