/// Products of a matrix with the windows of images, read where they stand: neighbouring windows share their memory.
///
/// As for plain products each entry of a result is one chain of multiply-adds, here over the rows of a window and,
/// within one, over its pixels and their channels.
#pragma once

#include <algorithm>
#include <vector>

#include "scorefield/core/product.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// How far apart the places of a grid of images, rows and columns are in memory.
struct GridStrides {
  Index image, row, column;

  Index at(Index i, Index y) const { return i * image + y * row; }
};

/// One window for each place of a grid. A window's row is `depth` consecutive numbers; row r is row_offsets[r] numbers
/// after the window's start.
struct Windows {
  Index images, rows, columns;
  GridStrides starts;
  Index depth;
  const std::vector<Index>& row_offsets;

  Index size() const { return depth * static_cast<Index>(row_offsets.size()); }
};

/// The left operand in panels of panel_rows rows; in a panel, columns are `stride` apart.
template <Real Scalar>
struct Panels {
  const Scalar* data;
  Index panel_stride, stride;
};

template <Real Scalar>
Index packed_panels_size(Index rows, Index depth) {
  return (rows + panel_rows<Scalar> - 1) / panel_rows<Scalar> * panel_rows<Scalar> * depth;
}

/// Of what add_window_gradient copies of windows: nothing, or a block.
template <Real Scalar>
Index packed_windows_size(const Windows& windows) {
  if (!crowded<Scalar>(windows.starts.column)) return 0;
  return std::min(block_depth, windows.images * windows.rows * windows.columns) * block_columns<Scalar>;
}

/// Columns of the tile that loads of and sums over `Packets` packets keep busy.
template <Index Packets>
inline constexpr Index narrow_columns = (8 + Packets - 1) / Packets;

/// A row of the grid. A function of its own, so that there are registers enough for its pointers.
template <Index Packets, Real Scalar>
[[gnu::noinline]] void multiply_grid_row(ProductTile<Scalar> tile, Index columns, Index part) {
  const auto advance = [&](Index count) {
    tile.advance_columns(count);
    columns -= count;
  };
  constexpr Index wide = tile_columns<Packets>, narrow = narrow_columns<Packets>;
  while (columns >= wide) multiply_tile<Packets, wide>(tile, part), advance(wide);
  while (columns >= narrow) multiply_tile<Packets, narrow>(tile, part), advance(narrow);
  while (columns > 0) multiply_tile<Packets, 1>(tile, part), advance(1);
}

/// All rows of the grid.
template <Index Packets, Real Scalar>
void multiply_grid(const ProductTile<Scalar>& tile, const Windows& windows, const GridStrides& to, Index part) {
  for (Index i = 0; i < windows.images; ++i)
    for (Index y = 0; y < windows.rows; ++y) {
      auto here = tile;
      here.right += windows.starts.at(i, y);
      here.target += to.at(i, y);
      if (tile.start_stride != 0) here.start += to.at(i, y);
      multiply_grid_row<Packets>(here, windows.columns, part);
    }
}

/// target = left (rows x windows.size()) window + bias for each window; `to` says where the columns of the target are.
template <Real Scalar>
void multiply_windows(const Panels<Scalar>& left, Index rows, const Scalar* source, const Windows& windows,
                      const Scalar* bias, Scalar* target, const GridStrides& to) {
  const auto window_rows = static_cast<Index>(windows.row_offsets.size());
  // A block of depth fits into the first cache: several rows of a window, or a part of one.
  const Index block_rows = std::max<Index>(1, block_depth / std::max<Index>(1, windows.depth));
  const Index slice = std::min(block_depth, windows.depth);
  // So many images at a time that their part of source and target fits into the second cache: 800 pixels of 128
  // channels are 400 KiB each.
  const Index group = std::max<Index>(1, 800 / (windows.rows * windows.columns));
  for (Index image = 0; image < windows.images; image += group) {
    auto some = windows;
    some.images = std::min(group, windows.images - image);
    const auto add_block = [&](Index window_row, Index k) {
      const bool first = window_row == 0 && k == 0;
      for (Index row = 0; row < rows; row += panel_rows<Scalar>) {
        const ProductTile<Scalar> tile{
            std::min(slice, windows.depth - k),
            left.data + row / panel_rows<Scalar> * left.panel_stride + (window_row * windows.depth + k) * left.stride,
            left.stride,
            source + image * windows.starts.image + k,
            1,
            windows.starts.column,
            target + image * to.image + row,
            to.column,
            first ? bias + row : target + image * to.image + row,
            first ? 0 : to.column,
            std::min(block_rows, window_rows - window_row),
            windows.row_offsets.data() + window_row};
        for_each_tile_height(
            tile, std::min(panel_rows<Scalar>, rows - row),
            [&](auto packets, const auto& here, Index part) { multiply_grid<packets()>(here, some, to, part); });
      }
    };
    add_block(0, 0);
    for (Index window_row = 0; window_row < window_rows; window_row += block_rows)
      for (Index k = window_row == 0 ? slice : 0; k < windows.depth; k += slice) add_block(window_row, k);
  }
}

/// gradient (rows x windows.size()) += sum over the windows of left's column times the window, left being rows x
/// (images x rows x columns) without gaps. The inner index runs over the windows, of which those of a row of the grid
/// start at run_offsets[row]. The gradient's columns are gradient_stride apart. packed_left has
/// packed_panels_size(rows, columns of left) numbers, packed_right packed_windows_size(windows).
template <Real Scalar>
void add_window_gradient(const Scalar* left, Index rows, const Scalar* source, const Windows& windows, Scalar* gradient,
                         Index gradient_stride, Scalar* packed_left, Scalar* packed_right,
                         const std::vector<Index>& run_offsets) {
  constexpr Index width = block_columns<Scalar>, height = panel_rows<Scalar>;
  const Index runs = windows.images * windows.rows;
  const Index block_runs = std::max<Index>(1, block_depth / windows.columns);
  const Index slice = std::min(block_depth, windows.columns);
  const bool pack_left = rows % packet_size<Scalar> != 0 || crowded<Scalar>(rows);
  const bool pack_right = crowded<Scalar>(windows.starts.column);

  // Blocks of depth begin at (run, column).
  const auto for_each_block = [&](const auto& f) {
    for (Index run = 0; run < runs; run += block_runs)
      for (Index column = 0; column < windows.columns; column += slice)
        f(run, column, std::min(block_runs, runs - run), std::min(slice, windows.columns - column));
  };
  if (pack_left)
    for_each_block([&](Index run, Index column, Index count, Index length) {
      const Index first = run * windows.columns + column, depth = count * length;
      for (Index row = 0; row < rows; row += height)
        pack_rows<Scalar>({left + first * rows + row, 1, rows}, std::min(height, rows - row), depth,
                          packed_left + packed_panels_size<Scalar>(rows, first) + row * depth);
    });

  const auto add_block = [&](Index run, Index column, Index count, Index length, Index window_row, Index k) {
    const Index first = run * windows.columns + column;
    const Index columns = std::min(width, windows.depth - k);
    ProductTile<Scalar> tile{
        length,
        nullptr,
        pack_left ? height : rows,
        source + windows.row_offsets[static_cast<std::size_t>(window_row)] + k + column * windows.starts.column,
        windows.starts.column,
        1,
        gradient + (window_row * windows.depth + k) * gradient_stride,
        gradient_stride,
        gradient + (window_row * windows.depth + k) * gradient_stride,
        gradient_stride,
        count,
        run_offsets.data() + run};
    if (pack_right) {
      for (Index r = 0; r < count; ++r)
        for (Index j = 0; j < length; ++j)
          std::copy_n(tile.right + tile.segment_offsets[r] + j * windows.starts.column, columns,
                      packed_right + (r * length + j) * width);
      tile.right = packed_right;
      tile.right_depth_stride = width;
      tile.depth = count * length;
      tile.segments = 1;
      tile.segment_offsets = &ProductTile<Scalar>::whole;
    }
    for (Index row = 0; row < rows; row += height) {
      auto here = tile;
      here.target += row;
      here.start += row;
      here.left = pack_left ? packed_left + packed_panels_size<Scalar>(rows, first) + row * count * length
                            : left + first * rows + row;
      multiply_panel(here, std::min(height, rows - row), columns);
    }
  };
  const auto window_rows = static_cast<Index>(windows.row_offsets.size());
  const auto for_each_part_of_gradient = [&](const auto& f) {
    for (Index window_row = 0; window_row < window_rows; ++window_row)
      for (Index k = 0; k < windows.depth; k += width) f(window_row, k);
  };
  // A gradient that does not stay in the second cache is passed over once, and the images often; else the other way.
  if (rows * windows.size() * static_cast<Index>(sizeof(Scalar)) > 1 << 18)
    for_each_part_of_gradient(
        [&](Index window_row, Index k) { for_each_block([&](auto... block) { add_block(block..., window_row, k); }); });
  else
    for_each_block([&](auto... block) {
      for_each_part_of_gradient([&](Index window_row, Index k) { add_block(block..., window_row, k); });
    });
}

}  // namespace scorefield::detail
