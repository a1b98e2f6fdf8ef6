/// Pairwise squared distances of two sets of samples, in tiles on several threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Both sets around their common mean, where squares of distances lose the least digits as |x|^2 + |y|^2 - 2 x y.
inline void centre(Matrix<double>& a, Matrix<double>& b) {
  const Vector<double> mean = (a.rowwise().sum() + b.rowwise().sum()) / static_cast<double>(a.cols() + b.cols());
  a.colwise() -= mean;
  b.colwise() -= mean;
}

inline Vector<double> squared_norms(const Matrix<double>& samples) {
  Vector<double> squares(samples.cols());
  const auto square = [](const auto& number) { return multiply(number, number); };
  for (Index j = 0; j < samples.cols(); ++j) squares(j) = sum_of(samples.rows(), square, samples.col(j).data());
  return squares;
}

/// Calls visit(squares, first_row, first_column) with the squared distances of some samples of `rows` (d x n) to some
/// of `columns` (d x m), which are centred. A task has columns of its own, and goes through all rows in their order.
template <class Visit>
void for_each_distance_tile(const Matrix<double>& rows, const Matrix<double>& columns_of, int threads,
                            const Visit& visit) {
  const Chunks down{rows.cols(), 256}, across{columns_of.cols(), 32};
  struct Room {
    Matrix<double> tile{256, 32};
    ProductRoom<double> product;
  };
  std::vector<Room> rooms(static_cast<std::size_t>(std::min<Index>(resolve_threads(threads), across.pieces())));
  // Rows that fill no packet need more than those that do.
  for (auto& room : rooms) room.product.reserve_left_transposed(down.size - 1, rows.rows(), across.size);
  const auto of_rows = squared_norms(rows), of_columns = squared_norms(columns_of);
  parallel_for(across.pieces(), static_cast<int>(rooms.size()), [&](Index piece, int worker) {
    auto& room = rooms[static_cast<std::size_t>(worker)];
    const Index column = across.first(piece), m = across.length(piece);
    for (Index i = 0; i < down.pieces(); ++i) {
      const Index row = down.first(i), n = down.length(i);
      MatrixView<double> tile(room.tile.data(), n, m);
      multiply_left_transposed(columns(rows, row, n), columns(columns_of, column, m), tile, room.product);
      for (Index j = 0; j < m; ++j) {
        const auto own = broadcast(of_columns(column + j));
        const auto square = [&](const auto& product, const auto& other) {
          using P = std::remove_cvref_t<decltype(product)>;
          return larger(multiply_add(constant<P>(-2), product, add(own, other)), constant<P>(0));
        };
        transform(tile.col(j).data(), n, square, std::as_const(tile).col(j).data(), of_rows.data() + row);
      }
      visit(tile, row, column);
    }
  });
}

}  // namespace scorefield::detail
