/// Moves blocks of pixels into channels and back, for SpaceToDepth and DepthToSpace.
#pragma once

#include <algorithm>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Calls piece(fine, joined, size) for each row of each factor x factor block of pixels in `columns` images of shape
/// `shape`: its offset there, its offset in images in which each block is one pixel, and the numbers in it. In such a
/// pixel the rows come one after the other: channel (row factor + column) channels + c.
template <class Piece>
void for_each_block_row(const ImageShape& shape, Index factor, Index columns, const Piece& piece) {
  const Index size = factor * shape.channels, pieces = shape.width / factor;
  for (Index block_row = 0; block_row < columns * shape.height / factor; ++block_row)
    for (Index row = 0; row < factor; ++row)
      for (Index i = 0; i < pieces; ++i)
        piece(((block_row * factor + row) * pieces + i) * size, ((block_row * pieces + i) * factor + row) * size, size);
}

/// Copies `columns` images of shape `fine` to images in which each block is one pixel.
template <Real Scalar>
void join_blocks(const Scalar* from, const ImageShape& fine, Index factor, Index columns, Scalar* to) {
  for_each_block_row(fine, factor, columns,
                     [&](Index apart, Index joined, Index size) { std::copy_n(from + apart, size, to + joined); });
}

/// The inverse; `fine` is the shape of the images that are written.
template <Real Scalar>
void part_blocks(const Scalar* from, const ImageShape& fine, Index factor, Index columns, Scalar* to) {
  for_each_block_row(fine, factor, columns,
                     [&](Index apart, Index joined, Index size) { std::copy_n(from + joined, size, to + apart); });
}

}  // namespace scorefield::detail
