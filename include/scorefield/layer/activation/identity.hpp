/// Identity: no activation function.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"

namespace scorefield {

/// f(z) = z.
struct Identity {
  static constexpr const char* name = "Identity";

  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    return {z, constant<P>(1)};
  }
};

}  // namespace scorefield
