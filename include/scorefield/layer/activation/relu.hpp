/// The ramp.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"

namespace scorefield {

/// f(z) = max(z, 0); its derivative at 0 is taken as 0.
struct ReLU {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    const P zero = pset1<P>(0);
    return {where_negative(z, zero, z), where_negative(pnegate(z), pset1<P>(1), zero)};
  }
};

}  // namespace scorefield
