/// What space-to-depth and depth-to-space have in common.
#pragma once

#include <algorithm>

#include "scorefield/core/types.hpp"
#include "scorefield/layer/image_shape.hpp"

namespace scorefield::detail {

/// Copies `columns` images of shape `fine` to images in which each factor x factor block of pixels is one pixel, its
/// rows one after the other: channel (row factor + column) channels + c. A row of a block stays contiguous.
template <Real Scalar>
void join_blocks(const Scalar* from, const ImageShape& fine, Index factor, Index columns, Scalar* to) {
  const Index piece = factor * fine.channels, pieces = fine.width / factor;
  for (Index block_row = 0; block_row < columns * fine.height / factor; ++block_row)
    for (Index row = 0; row < factor; ++row)
      for (Index i = 0; i < pieces; ++i)
        std::copy_n(from + ((block_row * factor + row) * pieces + i) * piece, piece,
                    to + ((block_row * pieces + i) * factor + row) * piece);
}

/// The inverse; `fine` is the shape of the images that are written.
template <Real Scalar>
void part_blocks(const Scalar* from, const ImageShape& fine, Index factor, Index columns, Scalar* to) {
  const Index piece = factor * fine.channels, pieces = fine.width / factor;
  for (Index block_row = 0; block_row < columns * fine.height / factor; ++block_row)
    for (Index row = 0; row < factor; ++row)
      for (Index i = 0; i < pieces; ++i)
        std::copy_n(from + ((block_row * pieces + i) * factor + row) * piece, piece,
                    to + ((block_row * factor + row) * pieces + i) * piece);
}

}  // namespace scorefield::detail
