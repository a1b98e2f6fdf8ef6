/// What an activation function must offer.
///
/// It evaluates itself and its derivative together on a packet; a caller that drops the derivative pays nothing for it.
#pragma once

#include "scorefield/core/simd/packet.hpp"

namespace scorefield {

/// f(z) and f'(z), element by element.
template <class P>
struct ActivationValue {
  P value, derivative;
};

/// What an activation must offer, for packets of float and of double. It may offer a `name`, by which a network that is
/// read from a file is known to have it.
template <class A>
concept Activation = requires(Packet<float> f, Packet<double> d) {
  A::evaluate(f).value;
  A::evaluate(f).derivative;
  A::evaluate(d).value;
  A::evaluate(d).derivative;
};

}  // namespace scorefield
