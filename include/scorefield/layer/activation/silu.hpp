/// SiLU, the sigmoid linear unit, also called swish.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/detail/logistic.hpp"

namespace scorefield {

/// f(z) = z / (1 + exp(-z)). Elfwing et al. 2018, arXiv:1702.03118.
struct SiLU {
  static constexpr const char* name = "SiLU";

  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    const auto l = detail::logistic(z);
    const P sigmoid = where_negative(z, l.of_opposite, l.of_magnitude);
    const P opposite = where_negative(z, l.of_magnitude, l.of_opposite);
    return {multiply(z, sigmoid), multiply(sigmoid, multiply_add(z, opposite, constant<P>(1)))};
  }
};

}  // namespace scorefield
