/// Applying an activation function to a layer's outputs.
#pragma once

#include <algorithm>

#include "scorefield/core/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"

namespace scorefield {

/// z = f(z), element by element.
template <Activation F, Real Scalar>
void activate(MatrixView<Scalar> z) {
  transform(
      z.data(), z.size(), [](const auto& packet) { return F::evaluate(packet).value; }, z.data());
}

namespace detail {

template <Activation F, Real Scalar>
SCOREFIELD_ONE_COPY void activate_whole(Scalar* z, Scalar* derivative, Index count) {
  for (Index i = 0; i < count; i += packet_size<Scalar>) {
    const auto f = F::evaluate(load<Scalar>(z + i));
    store<Scalar>(z + i, f.value);
    store<Scalar>(derivative + i, f.derivative);
  }
}

}  // namespace detail

/// z = f(z) and derivative = f'(z), element by element; derivative has the shape of z.
template <Activation F, Real Scalar>
void activate(MatrixView<Scalar> z, MatrixView<Scalar> derivative) {
  const Index rest = z.size() % packet_size<Scalar>, whole = z.size() - rest;
  detail::activate_whole<F>(z.data(), derivative.data(), whole);
  if (rest == 0) return;
  detail::PacketBuffer<Scalar> value(z.data() + whole, rest), slope;
  detail::activate_whole<F>(value.values, slope.values, packet_size<Scalar>);
  std::copy_n(value.values, rest, z.data() + whole);
  std::copy_n(slope.values, rest, derivative.data() + whole);
}

}  // namespace scorefield
