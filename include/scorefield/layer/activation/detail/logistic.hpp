/// The logistic function (sigmoid) of packets, which log-sigmoid, softplus and SiLU are made of.
#pragma once

#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"

namespace scorefield::detail {

/// The logistic function on both sides of 0, and what it takes to get there.
template <class P>
struct Logistic {
  P exponential;   // exp(-|z|)
  P of_magnitude;  // 1 / (1 + exp(-|z|))
  P of_opposite;   // 1 / (1 + exp(|z|))
};

template <class P>
inline Logistic<P> logistic(const P& z) {
  const P one = constant<P>(1);
  const P e = exp_of_negative(negate(magnitude(z)));
  const P of_magnitude = divide(one, add(one, e));
  return {e, of_magnitude, multiply(e, of_magnitude)};
}

}  // namespace scorefield::detail
