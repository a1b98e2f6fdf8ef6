/// The weights of a convolution of 3 x 3 as the 36 left operands of Winograd's products, and back for their gradient.
///
/// Weights are rows x (9 depth), column (3 y + x) depth + c being of channel c of pixel (y, x) of the window. The 36
/// matrices are of one panel of rows, as panel_strides(depth) says.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/convolution/winograd_products.hpp"
#include "scorefield/layer/detail/convolution/winograd_transform.hpp"

namespace scorefield::detail::winograd {

/// `weights` points to the first of the panel's `count` rows, whole packets.
template <Real Scalar>
SCOREFIELD_ONE_COPY void transform_weights(const Scalar* weights, Index rows, Index depth, Index count, Scalar* to) {
  const auto strides = panel_strides<Scalar>(depth);
  for (Index c = 0; c < depth; ++c)
    for (Index r = 0; r < count; r += packet_size<Scalar>)
      transform_both_axes<WeightTransform, Scalar>(
          [&](Index i, Index j) { return load<Scalar>(weights + ((i * kernel_edge + j) * depth + c) * rows + r); },
          [&](Index i, Index j, const Packet<Scalar>& p) {
            store<Scalar>(to + (i * window_edge + j) * strides.matrix + c * strides.column + r, p);
          });
}

/// gradient += the adjoint of transform_weights at `from`.
template <Real Scalar>
SCOREFIELD_ONE_COPY void add_weight_gradient(const Scalar* from, Index rows, Index depth, Index count,
                                             Scalar* gradient) {
  const auto strides = panel_strides<Scalar>(depth);
  for (Index c = 0; c < depth; ++c)
    for (Index r = 0; r < count; r += packet_size<Scalar>)
      transform_both_axes<WeightGradientTransform, Scalar>(
          [&](Index i, Index j) {
            return load<Scalar>(from + (i * window_edge + j) * strides.matrix + c * strides.column + r);
          },
          [&](Index i, Index j, const Packet<Scalar>& p) {
            Scalar* to = gradient + ((i * kernel_edge + j) * depth + c) * rows + r;
            store<Scalar>(to, add(load<Scalar>(to), p));
          });
}

/// The weights of the adjoint, depth x (9 rows): transposed for each pixel of the window, and these turned by half.
template <Real Scalar>
void turn_weights(const Scalar* weights, Index rows, Index depth, Scalar* to) {
  constexpr Index taps = kernel_edge * kernel_edge, size = packet_size<Scalar>;
  for (Index tap = 0; tap < taps; ++tap)
    for (Index c = 0; c < depth; c += size)
      for (Index r = 0; r < rows; r += size)
        transpose_square(weights + (tap * depth + c) * rows + r, rows, to + ((taps - 1 - tap) * rows + r) * depth + c,
                         depth);
}

}  // namespace scorefield::detail::winograd
