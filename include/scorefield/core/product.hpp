/// Matrix products for the layers: each entry of the result is one chain of multiply-adds in the order of the inner
/// index, whatever the shapes and the place of the entry, so a sample's bits do not depend on its neighbours.
///
/// The operands are read where they stand. The left one is column-major; a register tile of the result takes whole
/// packets of its rows and broadcasts of the right one, which may therefore have any strides.
#pragma once

#include <algorithm>
#include <cassert>

#include "scorefield/core/packet.hpp"

namespace scorefield {

/// What a chain of multiply-adds starts from.
enum class Start { zero, bias, target };

namespace detail {

/// A product's operands, moved on to one tile of the result.
template <Real Scalar>
struct ProductTile {
  Index depth;
  const Scalar* left;
  Index left_stride;
  const Scalar* right;
  Index right_depth_stride, right_column_stride;
  Scalar* target;
  Index target_stride;
  const Scalar* bias;
};

/// Columns of the tile that is `Packets` packets high: twelve accumulators fill sixteen registers.
template <Index Packets>
inline constexpr Index tile_columns = (EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 24 : 12) / Packets;

/// A tile of Packets packets x Columns. `part` counts the rows of its last packet where that is not full.
template <Start start, Index Packets, Index Columns, Real Scalar>
[[gnu::flatten]] inline void multiply_tile(const ProductTile<Scalar>& tile, Index part) {
  constexpr Index size = packet_size<Scalar>;
  const auto load_rows = [part](const Scalar* from) {
    return part == size ? load<Scalar>(from) : load_part<Scalar>(from, part);
  };
  Packet<Scalar> sum[Packets][Columns];
  unroll<Packets>([&](auto p) {
    unroll<Columns>([&](auto c) {
      if constexpr (start == Start::zero) sum[p][c] = broadcast(Scalar(0));
      if constexpr (start == Start::bias) sum[p][c] = load_rows(tile.bias + p * size);
      if constexpr (start == Start::target) sum[p][c] = load_rows(tile.target + c * tile.target_stride + p * size);
    });
  });
  const Scalar* left = tile.left;
  const Scalar* right = tile.right;
  for (Index k = 0; k < tile.depth; ++k) {
    // The shorter side is loaded first and stays in registers while the longer one passes by.
    if constexpr (Packets < Columns) {
      Packet<Scalar> a[Packets];
      unroll<Packets>([&](auto p) { a[p] = load<Scalar>(left + p * size); });
      unroll<Columns>([&](auto c) {
        const Packet<Scalar> b = broadcast(right[c * tile.right_column_stride]);
        unroll<Packets>([&](auto p) { sum[p][c] = multiply_add(a[p], b, sum[p][c]); });
      });
    } else {
      Packet<Scalar> b[Columns];
      unroll<Columns>([&](auto c) { b[c] = broadcast(right[c * tile.right_column_stride]); });
      unroll<Packets>([&](auto p) {
        const Packet<Scalar> a = load<Scalar>(left + p * size);
        unroll<Columns>([&](auto c) { sum[p][c] = multiply_add(a, b[c], sum[p][c]); });
      });
    }
    left += tile.left_stride;
    right += tile.right_depth_stride;
  }
  unroll<Packets>([&](auto p) {
    unroll<Columns>([&](auto c) {
      Scalar* to = tile.target + c * tile.target_stride + p * size;
      if (part == size)
        store<Scalar>(to, sum[p][c]);
      else
        store_part<Scalar>(to, sum[p][c], part);
    });
  });
}

/// All columns of `Packets` packets of rows.
template <Start start, Index Packets, Real Scalar>
void multiply_rows(ProductTile<Scalar> tile, Index columns, Index part = packet_size<Scalar>) {
  constexpr Index wide = tile_columns<Packets>;
  const auto advance = [&tile](Index count) {
    tile.right += count * tile.right_column_stride;
    tile.target += count * tile.target_stride;
  };
  for (; columns >= wide; columns -= wide, advance(wide)) multiply_tile<start, Packets, wide>(tile, part);
  for (; columns > 0; --columns, advance(1)) multiply_tile<start, Packets, 1>(tile, part);
}

/// The rows that do not fill a packet: they are copied next to each other and filled up with zeros.
template <Start start, Real Scalar>
void multiply_last_rows(ProductTile<Scalar> tile, Index rows, Index columns) {
  constexpr Index size = packet_size<Scalar>, block = 128;
  alignas(64) Scalar packed[block * size] = {};
  const Scalar* left = tile.left;
  const Index depth = tile.depth;
  for (Index first = 0; first == 0 || first < depth; first += block) {
    tile.depth = std::min(block, depth - first);
    for (Index k = 0; k < tile.depth; ++k) std::copy_n(left + (first + k) * tile.left_stride, rows, packed + k * size);
    auto part = tile;
    part.left = packed;
    part.left_stride = size;
    part.right += first * tile.right_depth_stride;
    if (first == 0)
      multiply_rows<start, 1>(part, columns, rows);
    else
      multiply_rows<Start::target, 1>(part, columns, rows);
  }
}

/// As many blocks of `Packets` packets of rows as there are; moves tile and rows past them.
template <Start start, Index Packets, Real Scalar>
void multiply_row_blocks(ProductTile<Scalar>& tile, Index& rows, Index columns) {
  constexpr Index height = Packets * packet_size<Scalar>;
  while (rows >= height) {
    multiply_rows<start, Packets>(tile, columns);
    tile.left += height;
    tile.target += height;
    if constexpr (start == Start::bias) tile.bias += height;
    rows -= height;
  }
}

template <Start start, Real Scalar>
void multiply(ProductTile<Scalar> tile, Index rows, Index columns) {
  multiply_row_blocks<start, 4>(tile, rows, columns);
  multiply_row_blocks<start, 2>(tile, rows, columns);
  multiply_row_blocks<start, 1>(tile, rows, columns);
  if (rows > 0) multiply_last_rows<start>(tile, rows, columns);
}

}  // namespace detail

/// target (m x n) = left (m x k) right (k x n) + bias (m) in each column.
template <Real Scalar>
void multiply_add_bias(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right, const Scalar* bias,
                       MatrixView<Scalar> target) {
  assert(left.cols() == right.rows() && left.rows() == target.rows() && right.cols() == target.cols());
  detail::multiply<Start::bias>(detail::ProductTile<Scalar>{left.cols(), left.data(), left.rows(), right.data(), 1,
                                                            right.rows(), target.data(), target.rows(), bias},
                                target.rows(), target.cols());
}

/// target (m x n) = left (m x k) right (k x n).
template <Real Scalar>
void multiply(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right, MatrixView<Scalar> target) {
  assert(left.cols() == right.rows() && left.rows() == target.rows() && right.cols() == target.cols());
  detail::multiply<Start::zero>(detail::ProductTile<Scalar>{left.cols(), left.data(), left.rows(), right.data(), 1,
                                                            right.rows(), target.data(), target.rows(), nullptr},
                                target.rows(), target.cols());
}

/// target (m x n) += left (m x k) right^T, right being n x k.
template <Real Scalar>
void add_multiply_transposed(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right, MatrixView<Scalar> target) {
  assert(left.cols() == right.cols() && left.rows() == target.rows() && right.rows() == target.cols());
  detail::multiply<Start::target>(detail::ProductTile<Scalar>{left.cols(), left.data(), left.rows(), right.data(),
                                                              right.rows(), 1, target.data(), target.rows(), nullptr},
                                  target.rows(), target.cols());
}

}  // namespace scorefield
