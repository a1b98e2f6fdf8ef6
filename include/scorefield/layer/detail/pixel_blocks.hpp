/// Moves blocks of pixels into channels and back, for SpaceToDepth and DepthToSpace.
#pragma once

#include <algorithm>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Calls piece(fine, joined, size) for each row of each block of block.rows x block.columns pixels in `columns` images
/// of shape `shape`: its offset there, its offset in images in which each block is one pixel, and the numbers in it. In
/// such a pixel the rows come one after the other: channel (row block.columns + column) channels + c.
template <class Piece>
void for_each_block_row(const ImageShape& shape, const RowsAndColumns& block, Index columns, const Piece& piece) {
  const Index size = block.columns * shape.channels, pieces = shape.width / block.columns;
  for (Index block_row = 0; block_row < columns * shape.height / block.rows; ++block_row)
    for (Index row = 0; row < block.rows; ++row)
      for (Index i = 0; i < pieces; ++i)
        piece(((block_row * block.rows + row) * pieces + i) * size,
              ((block_row * pieces + i) * block.rows + row) * size, size);
}

/// Copies `columns` images of shape `fine` to images in which each block is one pixel.
template <Real Scalar>
void join_blocks(const Scalar* from, const ImageShape& fine, const RowsAndColumns& block, Index columns, Scalar* to) {
  for_each_block_row(fine, block, columns,
                     [&](Index apart, Index joined, Index size) { std::copy_n(from + apart, size, to + joined); });
}

/// The inverse; `fine` is the shape of the images that are written.
template <Real Scalar>
void part_blocks(const Scalar* from, const ImageShape& fine, const RowsAndColumns& block, Index columns, Scalar* to) {
  for_each_block_row(fine, block, columns,
                     [&](Index apart, Index joined, Index size) { std::copy_n(from + joined, size, to + apart); });
}

}  // namespace scorefield::detail
