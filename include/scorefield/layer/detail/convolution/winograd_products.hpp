/// The 36 products of Winograd's minimal filtering.
#pragma once

#include <algorithm>

#include "scorefield/core/product.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/convolution/window_product.hpp"
#include "scorefield/layer/detail/convolution/winograd_transform.hpp"

namespace scorefield::detail::winograd {

/// At least `count` numbers, in an odd number of cache lines: pieces so far apart fall into different sets of a cache.
template <Real Scalar>
Index apart(Index count) {
  constexpr Index line = 64 / sizeof(Scalar);
  return ((count + line - 1) / line | 1) * line;
}

/// How the 36 matrices of a tile's entries, or of a weight's, are arranged: the strides of columns and of matrices.
struct Strides {
  Index column, matrix;

  Index size() const { return matrices * matrix; }
};

/// Of matrices whose columns are of all channels: the right operands.
template <Real Scalar>
Strides channel_strides(Index channels, Index columns) {
  const Index column = apart<Scalar>(channels);
  return {column, apart<Scalar>(column * columns)};
}
/// Of one panel of rows: the left operands, and the products.
template <Real Scalar>
Strides panel_strides(Index columns) {
  return {panel_rows<Scalar>, apart<Scalar>(panel_rows<Scalar> * columns)};
}

/// As multiply_panel; a tile of some columns takes those that the widest leaves.
template <Real Scalar>
void multiply_few_columns(const ProductTile<Scalar>& tile, Index rows, Index columns) {
  for_each_tile_height(tile, rows, [columns](auto packets, const auto& here, Index part) {
    multiply_grid_row<packets()>(here, columns, part);
  });
}

/// target (rows x columns) = left (rows x depth) right (depth x columns) for each of the matrices. Left and target are
/// a panel.
template <Real Scalar>
void multiply_all(const Scalar* left, const Scalar* right, Scalar* target, Index rows, Index depth, Index columns) {
  const auto lefts = panel_strides<Scalar>(depth), targets = panel_strides<Scalar>(columns);
  const auto rights = channel_strides<Scalar>(depth, columns);
  for (Index m = 0; m < matrices; ++m) {
    ProductTile<Scalar> tile{std::min(depth, block_depth),
                             left + m * lefts.matrix,
                             lefts.column,
                             right + m * rights.matrix,
                             1,
                             rights.column,
                             target + m * targets.matrix,
                             targets.column,
                             panel_of_zeros<Scalar>,
                             0};
    multiply_few_columns(tile, rows, columns);
    tile.start = tile.target;
    tile.start_stride = tile.target_stride;
    for (Index k = block_depth; k < depth; k += block_depth) {
      tile.left += block_depth * tile.left_stride;
      tile.right += block_depth;
      tile.depth = std::min(depth - k, block_depth);
      multiply_few_columns(tile, rows, columns);
    }
  }
}

/// target (rows x columns) = left (rows x depth) right (columns x depth)^T for each of the matrices, or where it `adds`
/// the target plus that. Left and target are a panel. The depth is at most 256 tiles: see largest_group.
template <Real Scalar>
void multiply_all_right_transposed(bool adds, const Scalar* left, const Scalar* right, Scalar* target, Index rows,
                                   Index depth, Index columns) {
  const auto lefts = panel_strides<Scalar>(depth), targets = panel_strides<Scalar>(columns);
  const auto rights = channel_strides<Scalar>(columns, depth);
  for (Index m = 0; m < matrices; ++m) {
    Scalar* to = target + m * targets.matrix;
    multiply_few_columns(
        ProductTile<Scalar>{depth, left + m * lefts.matrix, lefts.column, right + m * rights.matrix, rights.column, 1,
                            to, targets.column, adds ? to : panel_of_zeros<Scalar>, adds ? targets.column : 0},
        rows, columns);
  }
}

}  // namespace scorefield::detail::winograd
