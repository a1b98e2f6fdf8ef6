/// Matrix products for the layers: each entry of the result is one chain of multiply-adds in the order of the inner
/// index, whatever the shapes and the place of the entry, so a sample's bits do not depend on its neighbours.
///
/// A register tile of the result takes whole packets of the left operand's rows and broadcasts of the right one. The
/// operands are read where they stand, unless they are transposed or their columns lie so far apart that they crowd
/// into a few sets of the first cache: then a panel that fits there is copied first, or, where each column is on a page
/// of its own, a block of several panels, which stays in the second cache. Goto and van de Geijn, "Anatomy of
/// High-Performance Matrix Multiplication", 2008.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/detail/spare_workers.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

namespace detail {

/// A panel is the rows of the highest tile.
template <Real Scalar>
inline constexpr Index panel_rows = 4 * packet_size<Scalar>;

/// The rows of a panel, as what sums start from.
template <Real Scalar>
inline constexpr Scalar panel_of_zeros[panel_rows<Scalar>] = {};

/// A product's operands, moved on to one tile of the result. The chains of multiply-adds start from the numbers at
/// `start`, whose columns are start_stride apart: the target itself, or with stride 0 a bias or zeros. The inner index
/// runs through `segments` pieces of `depth`, of which piece s of the right operand starts at segment_offsets[s]; those
/// of the left one follow each other.
template <Real Scalar>
struct ProductTile {
  Index depth;
  const Scalar* left;
  Index left_stride;
  const Scalar* right;
  Index right_depth_stride, right_column_stride;
  Scalar* target;
  Index target_stride;
  const Scalar* start;
  Index start_stride;
  Index segments = 1;
  const Index* segment_offsets = &whole;

  static constexpr Index whole = 0;

  void advance_rows(Index count) {
    left += count;
    target += count;
    start += count;
  }
  void advance_columns(Index count) {
    right += count * right_column_stride;
    target += count * target_stride;
    start += count * start_stride;
  }
};

/// Columns of the tile that is `Packets` packets high: twelve accumulators fill sixteen registers.
template <Index Packets>
inline constexpr Index tile_columns = (EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS >= 32 ? 24 : 12) / Packets;

/// A tile of Packets packets x Columns. `part` counts the rows of its last packet where that is not full.
template <Index Packets, Index Columns, Real Scalar>
[[gnu::flatten]] inline void multiply_tile(const ProductTile<Scalar>& tile, Index part) {
  constexpr Index size = packet_size<Scalar>;
  // Entry I is that of packet I % Packets and column I / Packets. Folds over all entries, rather than loops, keep the
  // sums in registers, and are compiled once, unlike functions of an entry.
  constexpr auto entries = std::make_integer_sequence<Index, Packets * Columns>{};
  constexpr auto packets = std::make_integer_sequence<Index, Packets>{};
  constexpr auto columns = std::make_integer_sequence<Index, Columns>{};
  const auto load_rows = [part](const Scalar* from) {
    return part == size ? load<Scalar>(from) : load_part<Scalar>(from, part);
  };
  const auto store_rows = [part](Scalar* to, const Packet<Scalar>& packet) {
    if (part == size)
      store<Scalar>(to, packet);
    else
      store_part<Scalar>(to, packet, part);
  };
  Packet<Scalar> sum[Packets * Columns];
  [&]<Index... I>(std::integer_sequence<Index, I...>) {
    ((sum[I] = load_rows(tile.start + I / Packets * tile.start_stride + I % Packets * size)), ...);
  }
  (entries);
  const Scalar* left = tile.left;
  for (Index s = 0; s < tile.segments; ++s) {
    const Scalar* right = tile.right + tile.segment_offsets[s];
    for (Index k = 0; k < tile.depth; ++k) {
      // The shorter side is loaded first and stays in registers while the longer one passes by.
      if constexpr (Packets < Columns) {
        Packet<Scalar> a[Packets];
        [&]<Index... P>(std::integer_sequence<Index, P...>) { ((a[P] = load<Scalar>(left + P * size)), ...); }
        (packets);
        [&]<Index... I>(std::integer_sequence<Index, I...>) {
          ((sum[I] = multiply_add(a[I % Packets], broadcast(right[I / Packets * tile.right_column_stride]), sum[I])),
           ...);
        }
        (entries);
      } else {
        Packet<Scalar> b[Columns];
        [&]<Index... C>(std::integer_sequence<Index, C...>) {
          ((b[C] = broadcast(right[C * tile.right_column_stride])), ...);
        }
        (columns);
        [&]<Index... I>(std::integer_sequence<Index, I...>) {
          ((sum[I % Columns * Packets + I / Columns] = multiply_add(
                load<Scalar>(left + I / Columns * size), b[I % Columns], sum[I % Columns * Packets + I / Columns])),
           ...);
        }
        (entries);
      }
      left += tile.left_stride;
      right += tile.right_depth_stride;
    }
  }
  [&]<Index... I>(std::integer_sequence<Index, I...>) {
    (store_rows(tile.target + I / Packets * tile.target_stride + I % Packets * size, sum[I]), ...);
  }
  (entries);
}

/// All columns of `Packets` packets of rows. A function of its own, so that there are registers enough for its
/// pointers.
template <Index Packets, Real Scalar>
[[gnu::noinline]] void multiply_rows(ProductTile<Scalar> tile, Index columns, Index part) {
  constexpr Index wide = tile_columns<Packets>;
  for (; columns >= wide; columns -= wide, tile.advance_columns(wide)) multiply_tile<Packets, wide>(tile, part);
  for (; columns > 0; --columns, tile.advance_columns(1)) multiply_tile<Packets, 1>(tile, part);
}

/// A matrix whose entry (i, j) is data[i * row_stride + j * column_stride].
template <Real Scalar>
struct Operand {
  const Scalar* data;
  Index row_stride, column_stride;

  Operand at(Index row, Index column) const {
    return {data + row * row_stride + column * column_stride, row_stride, column_stride};
  }
};

template <Real Scalar>
Operand<Scalar> operand(ConstMatrixView<Scalar> m) {
  return {m.data(), 1, m.rows()};
}
template <Real Scalar>
Operand<Scalar> transposed(ConstMatrixView<Scalar> m) {
  return {m.data(), m.rows(), 1};
}

/// A block is the most that is copied of an operand: 128 KiB of the left one and 60 KiB of the right.
template <Real Scalar>
inline constexpr Index block_rows = 1024 / sizeof(Scalar);
inline constexpr Index block_depth = 128;
template <Real Scalar>
inline constexpr Index block_columns = 480 / sizeof(Scalar);

/// Whether columns lie so far apart that many of them fall into few sets of a cache, or on many pages.
template <Real Scalar>
bool crowded(Index stride) {
  return stride * static_cast<Index>(sizeof(Scalar)) >= 512;
}

/// Whether each column is on a page of its own. A processor fetches ahead within a page alone, so that such columns
/// are better read in long pieces.
template <Real Scalar>
bool paged(const Operand<Scalar>& m) {
  return m.row_stride == 1 && m.column_stride * static_cast<Index>(sizeof(Scalar)) >= 4096;
}

/// Copies rows x depth of `from` to panels, one after the other, in columns of panel_rows; fills up the last packet of
/// rows with zeros. Transposed operands come one panel at a time.
template <Real Scalar>
void pack_rows(const Operand<Scalar>& from, Index rows, Index depth, Scalar* to) {
  constexpr Index size = packet_size<Scalar>, height = panel_rows<Scalar>;
  assert(from.row_stride == 1 || rows <= height);
  const Index whole_rows = rows - rows % size, whole_depth = depth - depth % size;
  const auto copy = [&](Index row, Index count, Index first, Index last) {
    Scalar* panel = to + row / height * depth * height + row % height;
    for (Index k = first; k < last; ++k)
      for (Index i = 0; i < count; ++i) panel[k * height + i] = *from.at(row + i, k).data;
  };
  if (from.row_stride == 1) {
    for (Index k = 0; k < depth; ++k)
      for (Index panel = 0; panel < whole_rows; panel += height)
        for (Index i = panel; i < std::min(panel + height, whole_rows); i += size)
          store<Scalar>(to + panel * depth + k * height + (i - panel), load<Scalar>(from.at(i, k).data));
  } else {
    for (Index i = 0; i < whole_rows; i += size) {
      for (Index k = 0; k < whole_depth; k += size)
        transpose_square(from.at(i, k).data, from.row_stride, to + k * height + i, height);
      copy(i, size, whole_depth, depth);
    }
  }
  if (whole_rows == rows) return;
  Scalar* last = to + whole_rows / height * depth * height + whole_rows % height;
  for (Index k = 0; k < depth; ++k) std::fill_n(last + k * height, size, Scalar(0));
  copy(whole_rows, rows - whole_rows, 0, depth);
}

/// Cuts the rows of one panel into tiles: multiply(integral_constant packets, tile, part) for each height, the left
/// operand's last packet being filled up where it is not full.
template <Real Scalar, class Multiply>
void for_each_tile_height(ProductTile<Scalar> tile, Index rows, const Multiply& multiply) {
  constexpr Index size = packet_size<Scalar>;
  const auto advance = [&](Index packets) {
    tile.advance_rows(packets * size);
    rows -= packets * size;
  };
  if (rows >= 4 * size) return multiply(std::integral_constant<Index, 4>{}, tile, size);
  if (rows >= 2 * size) multiply(std::integral_constant<Index, 2>{}, tile, size), advance(2);
  if (rows >= size) multiply(std::integral_constant<Index, 1>{}, tile, size), advance(1);
  if (rows > 0) multiply(std::integral_constant<Index, 1>{}, tile, rows);
}

/// The rows of one panel.
template <Real Scalar>
void multiply_panel(const ProductTile<Scalar>& tile, Index rows, Index columns) {
  for_each_tile_height(tile, rows, [columns](auto packets, const auto& here, Index part) {
    multiply_rows<packets()>(here, columns, part);
  });
}

/// What the sums of a product start from.
enum class Start { zero, bias, target };

/// What a product copies of its operands, one block of depth after the other.
template <Real Scalar>
struct Copies {
  Index depth;         // of a block
  bool left;           // all rows, or only those at the end that do not fill a packet
  Index left_rows;     // that are copied at a time: whole panels
  bool right;          // block_columns at a time
  Index left_numbers;  // of a copy
  Index right_numbers;
};

template <Real Scalar>
Copies<Scalar> copies(Start start, const Operand<Scalar>& left, const Operand<Scalar>& right, Index rows, Index depth,
                      Index columns) {
  constexpr Index size = packet_size<Scalar>, height = panel_rows<Scalar>;
  // Few columns use an entry of the left operand too seldom to copy it; pages are then read a few at a time.
  const bool far = crowded<Scalar>(left.column_stride), few = columns < 8;
  Copies<Scalar> c{};
  c.depth = few && paged(left) ? 8 : block_depth;
  c.left = left.row_stride != 1 || (far && !few);
  c.left_rows = c.left && paged(left) ? std::min(block_rows<Scalar>, (rows + height - 1) / height * height) : height;
  c.right = start == Start::target && right.column_stride == 1 && crowded<Scalar>(right.row_stride);
  const Index longest = std::min(c.depth, depth);
  if (c.left || rows % size != 0) c.left_numbers = c.left_rows * longest;
  if (c.right) c.right_numbers = block_columns<Scalar> * longest;
  return c;
}

/// Whether add_flat_product is the way to the product.
template <Real Scalar>
bool flat(Start start, const Operand<Scalar>& left, Index depth) {
  return start == Start::target && depth <= 2 && left.row_stride == 1;
}

/// Which entries of a product are asked for: all, or those in and below the diagonal, beside which some others are
/// computed too.
enum class Entries { all, lower };

/// One block of depth and columns of a product, the first of which is number `column` of the target's. `packed` has
/// room for what is copied of the left operand. Where sums start from zero, the tile's start is a panel of zeros.
template <Real Scalar>
void multiply_block(Start start, const Operand<Scalar>& left, const ProductTile<Scalar>& tile, Index rows, Index column,
                    Index columns, Entries entries, const Copies<Scalar>& copies, Scalar* packed) {
  constexpr Index size = packet_size<Scalar>, height = panel_rows<Scalar>;
  for (Index block = 0; block < rows; block += copies.left_rows) {
    const Index end = std::min(rows, block + copies.left_rows);
    const bool packs = copies.left || (end - block) % size != 0;
    if (packs) pack_rows(left.at(block, 0), end - block, tile.depth, packed);
    for (Index row = block; row < end; row += height) {
      auto here = tile;
      here.target += row;
      if (start != Start::zero) here.start += row;
      here.left = packs ? packed + (row - block) * tile.depth : left.at(row, 0).data;
      here.left_stride = packs ? height : left.column_stride;
      const Index lower = std::clamp(row + height - column, Index{0}, columns);
      multiply_panel(here, std::min(height, end - row), entries == Entries::all ? columns : lower);
    }
  }
}

/// As multiply_block, the right operand's rows being copied a block at a time to `packed_right`.
template <Real Scalar>
void multiply_packing_right(Start start, const Operand<Scalar>& left, const ProductTile<Scalar>& tile, Index rows,
                            Index columns, Entries entries, const Copies<Scalar>& copies, Scalar* packed_left,
                            Scalar* packed_right) {
  constexpr Index width = block_columns<Scalar>;
  for (Index column = 0; column < columns; column += width) {
    const Index count = std::min(width, columns - column);
    for (Index k = 0; k < tile.depth; ++k)
      std::copy_n(tile.right + k * tile.right_depth_stride + column, count, packed_right + k * width);
    auto here = tile;
    here.right = packed_right;
    here.right_depth_stride = width;
    here.target += column * tile.target_stride;
    here.start += column * tile.start_stride;
    multiply_block(start, left, here, rows, column, count, entries, copies, packed_left);
  }
}

/// target += left right for a depth of 1 or 2 (see flat), where a tile has next to nothing to do: columns [first, end)
/// of the target are walked in the order of their memory.
template <Real Scalar>
void add_flat_product(const Operand<Scalar>& left, const Operand<Scalar>& right, MatrixView<Scalar> target, Index depth,
                      Index first, Index end) {
  for (Index j = first; j < end; ++j)
    for (Index k = 0; k < depth; ++k) {
      const auto factor = broadcast(*right.at(k, j).data);
      Scalar* column = target.col(j).data();
      const Scalar* from = left.at(0, k).data;
      Index i = 0;
      for (; i + packet_size<Scalar> <= target.rows(); i += packet_size<Scalar>)
        store<Scalar>(column + i, multiply_add(load<Scalar>(from + i), factor, load<Scalar>(column + i)));
      for (; i < target.rows(); ++i) column[i] = multiply_add(from[i], *right.at(k, j).data, column[i]);
    }
}

}  // namespace detail

/// Memory for what products copy of their operands. Whoever multiplies says once, for each kind of product, the largest
/// of its kind, and then allocates no more. With m, k and n as the products have them, a room is large enough for fewer
/// columns of a batch too: a smaller n, or a smaller k where the right operand is transposed.
template <Real Scalar>
struct ProductRoom {
  Vector<Scalar> left, right;

  /// For multiply and multiply_add_bias.
  void reserve(Index m, Index k, Index n) {
    using detail::Operand;
    fit(detail::Start::zero, Operand<Scalar>{nullptr, 1, m}, Operand<Scalar>{nullptr, 1, k}, m, k, n);
  }
  /// For multiply_left_transposed.
  void reserve_left_transposed(Index m, Index k, Index n) {
    using detail::Operand;
    fit(detail::Start::zero, Operand<Scalar>{nullptr, k, 1}, Operand<Scalar>{nullptr, 1, k}, m, k, n);
  }
  /// For add_multiply_right_transposed.
  void reserve_right_transposed(Index m, Index k, Index n) {
    using detail::Operand;
    fit(detail::Start::target, Operand<Scalar>{nullptr, 1, m}, Operand<Scalar>{nullptr, n, 1}, m, k, n);
  }

 private:
  void fit(detail::Start start, const detail::Operand<Scalar>& a, const detail::Operand<Scalar>& b, Index rows,
           Index depth, Index columns) {
    if (detail::flat(start, a, depth)) return;
    const auto copies = detail::copies(start, a, b, rows, depth, columns);
    // Not by resize(), which would free memory twice where there is no more of it.
    if (copies.left_numbers > left.size()) left = Vector<Scalar>(copies.left_numbers);
    if (copies.right_numbers > right.size()) right = Vector<Scalar>(copies.right_numbers);
  }
};

namespace detail {

/// Where a thread copies operands to: those whose product it is have a ProductRoom, helpers one of their own.
template <Real Scalar>
struct Packed {
  Scalar *left, *right;
};

template <Real Scalar>
Packed<Scalar> packed_by_helper() {
  static_assert(HelperRoom::left_bytes == sizeof(Scalar) * block_rows<Scalar> * block_depth);
  static_assert(HelperRoom::right_bytes == sizeof(Scalar) * block_columns<Scalar> * block_depth);
  const auto numbers = [](std::byte* bytes) { return static_cast<Scalar*>(static_cast<void*>(bytes)); };
  assert(HelperRoom::here());
  auto& room = *HelperRoom::here();
  return {numbers(room.left), numbers(room.right)};
}

/// A product that is not flat, or some of its rows or columns. Columns of the target are `stride` apart.
template <Real Scalar>
struct Product {
  Start start;
  Operand<Scalar> left, right;
  Index rows, depth, columns;
  Scalar* target;
  Index stride;
  const Scalar* bias;
  Copies<Scalar> copied;

  Product part_of_rows(Index first, Index count) const {
    Product part = *this;
    part.left = left.at(first, 0);
    part.target += first;
    if (start == Start::bias) part.bias += first;
    part.rows = count;
    return part;
  }
  Product part_of_columns(Index first, Index count) const {
    Product part = *this;
    part.right = right.at(0, first);
    part.target += first * stride;
    part.columns = count;
    return part;
  }

  void compute(const Packed<Scalar>& packed, Entries entries = Entries::all) const {
    for (Index k = 0; k == 0 || k < depth; k += copied.depth) {
      const Start from = k == 0 ? start : Start::target;
      const bool adds = from == Start::target;
      const ProductTile<Scalar> tile{std::min(copied.depth, depth - k),
                                     nullptr,
                                     0,
                                     right.at(k, 0).data,
                                     right.row_stride,
                                     right.column_stride,
                                     target,
                                     stride,
                                     adds                  ? target
                                     : from == Start::bias ? bias
                                                           : panel_of_zeros<Scalar>,
                                     adds ? stride : 0};
      if (copied.right)
        multiply_packing_right(from, left.at(0, k), tile, rows, columns, entries, copied, packed.left, packed.right);
      else
        multiply_block(from, left.at(0, k), tile, rows, 0, columns, entries, copied, packed.left);
    }
  }
};

/// The threads that share a product: those that are spare, as far as each has about 10 microseconds to do, several
/// times what it takes to call one. A number that is moved takes as long as some four multiply-adds.
inline Index threads_for_product(Index rows, Index depth, Index columns) {
  const auto m = static_cast<std::int64_t>(rows), k = static_cast<std::int64_t>(depth),
             n = static_cast<std::int64_t>(columns);
  const std::int64_t shares = (m * k * n + 4 * (m * k + k * n + m * n)) >> 19;
  return shares > 1 ? static_cast<Index>(std::min<std::int64_t>(shares, SpareWorkers::here().threads)) : 1;
}

/// Calls part(first, count, worker) for the pieces on several threads. Pieces may depend on the threads: an entry is
/// the same chain of multiply-adds in whatever piece it is.
template <class Part>
void share_pieces(const Chunks& pieces, Index threads, const Part& part) {
  SpareWorkers::here().share(pieces.pieces(), static_cast<int>(threads),
                             [&](Index i, int worker) { part(pieces.first(i), pieces.length(i), worker); });
}

template <Real Scalar>
void multiply_operands(Start start, const Operand<Scalar>& left, const Operand<Scalar>& right,
                       MatrixView<Scalar> target, Index depth, const Scalar* bias, ProductRoom<Scalar>& room,
                       Entries entries = Entries::all) {
  constexpr Index panel = panel_rows<Scalar>;
  const Index rows = target.rows(), columns = target.cols();
  if (rows == 0 || columns == 0) return;
  const Index threads = entries == Entries::all && depth > 0 ? threads_for_product(rows, depth, columns) : 1;
  const auto each_of = [threads](Index count) { return Chunks{count, threads}.pieces(); };
  if (flat(start, left, depth)) {
    if (threads == 1) return add_flat_product(left, right, target, depth, 0, columns);
    return share_pieces({columns, each_of(columns)}, threads, [&](Index first, Index count, int) {
      add_flat_product(left, right, target, depth, first, first + count);
    });
  }
  const Product<Scalar> whole{start,   left,          right, rows, depth,
                              columns, target.data(), rows,  bias, copies(start, left, right, rows, depth, columns)};
  assert(whole.copied.left_numbers <= room.left.size() && whole.copied.right_numbers <= room.right.size());
  const Packed<Scalar> own{room.left.data(), room.right.data()};
  const auto packed = [&own](int worker) { return worker == 0 ? own : packed_by_helper<Scalar>(); };
  if (threads == 1) return whole.compute(own, entries);
  // What is copied of the right operand is copied once where pieces are columns: as many for each thread, in whole
  // tiles.
  if (whole.copied.right) {
    const Index pieces_each = Chunks{columns, threads * block_columns<Scalar>}.pieces(), tile = tile_columns<1>;
    const Index width = tile * Chunks{Chunks{columns, threads * pieces_each}.pieces(), tile}.pieces();
    return share_pieces(
        {columns, std::min(width, block_columns<Scalar>)}, threads,
        [&](Index first, Index count, int worker) { whole.part_of_columns(first, count).compute(packed(worker)); });
  }
  // Columns of the left operand are cut into as few parts as there are threads, so that a processor may fetch ahead. If
  // it is transposed, pieces have columns of their own; several for each thread are for those that come late.
  const Index height = left.row_stride == 1 ? panel * each_of(Chunks{rows, panel}.pieces()) : 2 * panel;
  share_pieces({rows, height}, threads,
               [&](Index first, Index count, int worker) { whole.part_of_rows(first, count).compute(packed(worker)); });
}

/// Copies what is below the diagonal to above it.
template <Real Scalar>
void mirror_lower(MatrixView<Scalar> square) {
  constexpr Index size = packet_size<Scalar>;
  const Index n = square.cols();
  for (Index j = 0; j < n; j += size) {
    const Index end = std::min(n, j + size);
    Index i = end;
    for (; end == j + size && i + size <= n; i += size) transpose_square(&square(i, j), n, &square(j, i), n);
    for (Index column = j; column < end; ++column) {
      for (Index row = column + 1; row < end; ++row) square(column, row) = square(row, column);
      for (Index row = i; row < n; ++row) square(column, row) = square(row, column);
    }
  }
}

}  // namespace detail

/// target (m x n) = left (m x k) right (k x n) + bias (m) in each column.
template <Real Scalar>
void multiply_add_bias(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right, const Scalar* bias,
                       MatrixView<Scalar> target, ProductRoom<Scalar>& room) {
  assert(left.cols() == right.rows() && left.rows() == target.rows() && right.cols() == target.cols());
  detail::multiply_operands(detail::Start::bias, detail::operand(left), detail::operand(right), target, left.cols(),
                            bias, room);
}

/// target (m x n) = left (m x k) right (k x n).
template <Real Scalar>
void multiply(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right, MatrixView<Scalar> target,
              ProductRoom<Scalar>& room) {
  assert(left.cols() == right.rows() && left.rows() == target.rows() && right.cols() == target.cols());
  detail::multiply_operands<Scalar>(detail::Start::zero, detail::operand(left), detail::operand(right), target,
                                    left.cols(), nullptr, room);
}

/// target (m x n) = left^T right, left being k x m and right k x n.
template <Real Scalar>
void multiply_left_transposed(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right, MatrixView<Scalar> target,
                              ProductRoom<Scalar>& room) {
  assert(left.rows() == right.rows() && left.cols() == target.rows() && right.cols() == target.cols());
  detail::multiply_operands<Scalar>(detail::Start::zero, detail::transposed(left), detail::operand(right), target,
                                    left.rows(), nullptr, room);
}

/// target (m x n) += left (m x k) right^T, right being n x k.
template <Real Scalar>
void add_multiply_right_transposed(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right,
                                   MatrixView<Scalar> target, ProductRoom<Scalar>& room) {
  assert(left.cols() == right.cols() && left.rows() == target.rows() && right.rows() == target.cols());
  detail::multiply_operands<Scalar>(detail::Start::target, detail::operand(left), detail::transposed(right), target,
                                    left.cols(), nullptr, room);
}

/// The same three where the target (n x n) is symmetric, of which what is above the diagonal is not computed but
/// copied: left right for two symmetric matrices that commute, as polynomials of one do, ...
template <Real Scalar>
void multiply_symmetric(ConstMatrixView<Scalar> left, ConstMatrixView<Scalar> right, MatrixView<Scalar> target,
                        ProductRoom<Scalar>& room) {
  assert(left.rows() == left.cols() && right.rows() == right.cols() && left.cols() == right.rows());
  detail::multiply_operands<Scalar>(detail::Start::zero, detail::operand(left), detail::operand(right), target,
                                    left.cols(), nullptr, room, detail::Entries::lower);
  detail::mirror_lower(target);
}

/// ... target = m^T m, m being k x n, with the room of multiply_left_transposed, ...
template <Real Scalar>
void multiply_gram(ConstMatrixView<Scalar> m, MatrixView<Scalar> target, ProductRoom<Scalar>& room) {
  assert(m.cols() == target.rows() && m.cols() == target.cols());
  detail::multiply_operands<Scalar>(detail::Start::zero, detail::transposed(m), detail::operand(m), target, m.rows(),
                                    nullptr, room, detail::Entries::lower);
  detail::mirror_lower(target);
}

/// ... and target = m m^T, m being n x k, with the room of add_multiply_right_transposed.
template <Real Scalar>
void multiply_outer_gram(ConstMatrixView<Scalar> m, MatrixView<Scalar> target, ProductRoom<Scalar>& room) {
  assert(m.rows() == target.rows() && m.rows() == target.cols());
  target.setZero();
  detail::multiply_operands<Scalar>(detail::Start::target, detail::operand(m), detail::transposed(m), target, m.cols(),
                                    nullptr, room, detail::Entries::lower);
  detail::mirror_lower(target);
}

}  // namespace scorefield
