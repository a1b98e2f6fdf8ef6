/// The linear assignment problem: the permutation of least total cost, by shortest augmenting paths.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Pairs the rows of a square matrix of costs with its columns, each with one, so that the sum of the pairs' costs is
/// the least that there is. Of several such pairings it takes one that depends on the costs alone. Columns are assigned
/// one after the other, by the path of least cost to a row that is free (Jonker and Volgenant 1987) as Crouse 2016
/// describes it ("On implementing 2D rectangular assignment algorithms", IEEE Transactions on Aerospace and Electronic
/// Systems 52); n^3 operations at worst. Sums are in double. Memory is allocated once.
template <Real Scalar>
class Assignment {
 public:
  /// For matrices of up to n x n. Throws InvalidArgument unless n is at least 1.
  explicit Assignment(Index n) : capacity_(n) {
    if (n < 1) throw InvalidArgument("Assignment", "room for at least one row", text(n), "pass the number of rows");
    const auto size = static_cast<std::size_t>(n);
    for (auto* numbers : {&of_row_, &of_column_}) numbers->resize(size);
    const auto whole_packets = static_cast<std::size_t>((n + lanes - 1) / lanes * lanes);
    for (auto* numbers : {&costs_, &open_price_, &distance_, &before_}) numbers->resize(whole_packets);
    for (auto* places : {&row_of_column_, &column_of_row_}) places->resize(size);
    reached_.reserve(size);
  }

  /// For each row the column that it is paired with. Valid until the next call. Throws InvalidArgument unless the
  /// matrix is n x n with n from 1 to what there is room for, NonFinite for costs that are not finite, or above 1e300.
  const std::vector<Index>& solve(const Matrix<Scalar>& cost) { return solve(view(cost)); }
  const std::vector<Index>& solve(ConstMatrixView<Scalar> cost) {
    const Index n = cost.cols();
    if (n < 1 || n > capacity_ || cost.rows() != n)
      throw InvalidArgument("Assignment::solve", text("a square matrix of 1 to ", capacity_, " rows"),
                            text(cost.rows(), " x ", n), "there are as many rows as columns");
    // Sums of up to 2 n costs are then finite too.
    if (!(cost.array().template cast<double>().abs() <= 1e300).all())
      throw NonFinite("Assignment::solve", "finite costs", "a NaN, an infinity or more than 1e300",
                      "look for what made it");
    const auto size = static_cast<std::size_t>(n);
    of_row_.assign(size, 0);
    of_column_.assign(size, 0);
    row_of_column_.assign(size, none);
    column_of_row_.assign(size, none);
    start(cost);
    for (Index column = 0; column < n; ++column)
      if (at(row_of_column_, column) == none) augment(cost, column);
    return column_of_row_;
  }

 private:
  static constexpr Index none = -1, lanes = packet_size<double>;
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  /// A row that a path has come to, and what the path costs.
  struct Reached {
    Index row;
    double distance;
  };

  template <class T>
  static T& at(std::vector<T>& of, Index i) {
    return of[static_cast<std::size_t>(i)];
  }

  /// Pairs each column with its cheapest row while that is free, and of the other rows each with the column that is
  /// cheapest at those prices while that is. Prices are then as augment() keeps them: no entry is below the sum of its
  /// row's and its column's, and those of pairs are equal to it.
  void start(ConstMatrixView<Scalar> cost) {
    for (Index column = 0; column < cost.cols(); ++column) {
      Index row = 0;
      at(of_column_, column) = static_cast<double>(cost.col(column).minCoeff(&row));
      if (at(column_of_row_, row) == none) pair(row, column);
    }
    begin_paths();
    for (Index column = 0; column < cost.cols(); ++column) shorten_through(cost, column, -at(of_column_, column));
    for (Index row = 0; row < cost.rows(); ++row) {
      if (at(column_of_row_, row) != none) continue;
      at(of_row_, row) = at(distance_, row);
      const auto column = static_cast<Index>(at(before_, row));
      if (at(row_of_column_, column) == none) pair(row, column);
    }
  }

  void pair(Index row, Index column) {
    at(column_of_row_, row) = column;
    at(row_of_column_, column) = row;
  }

  /// Dijkstra's algorithm from a column over pairs to the nearest free row; then the pairs on the path change over.
  void augment(ConstMatrixView<Scalar> cost, Index first) {
    begin_paths();
    reached_.clear();
    Index column = first, free = none;
    double reached = 0;
    while (free == none) {
      const auto [row, distance] = shorten_through(cost, column, reached - at(of_column_, column));
      reached = distance;
      reached_.push_back({row, reached});
      at(distance_, row) = infinity;
      at(open_price_, row) = -infinity;
      if (at(column_of_row_, row) == none)
        free = row;
      else
        column = at(column_of_row_, row);
    }
    at(of_column_, first) += reached;
    for (const auto& [row, distance] : reached_) {
      const double left = reached - distance;
      at(of_row_, row) -= left;
      if (row != free) at(of_column_, at(column_of_row_, row)) += left;
    }
    for (Index row = free, next = none; row != none; row = next) {
      column = static_cast<Index>(at(before_, row));
      next = at(row_of_column_, column);
      pair(row, column);
    }
  }

  /// Rows that are reached already, and those that fill the last packet, have an open price of minus infinity, by which
  /// no path to them is short.
  void begin_paths() {
    std::ranges::fill(distance_, infinity);
    std::ranges::fill(open_price_, -infinity);
    std::ranges::copy(of_row_, open_price_.begin());
  }

  /// Shortens the paths to rows by those that come through a column; the nearest row then, the first one of several.
  Reached shorten_through(ConstMatrixView<Scalar> cost, Index column, double from) {
    // To a compiler the store of a packet may change any member, but no local variable.
    double *costs = costs_.data(), *paths = distance_.data(), *columns = before_.data();
    const double* open_price = open_price_.data();
    const auto size = distance_.size();
    std::ranges::transform(cost.col(column), costs, [](Scalar c) { return static_cast<double>(c); });
    double distances[lanes], rows[lanes];
    std::iota(rows, rows + lanes, 0.0);
    const auto to_here = broadcast(from), here = broadcast(static_cast<double>(column));
    const auto step = broadcast(static_cast<double>(lanes));
    auto place = load<double>(rows), least = broadcast(infinity), nearest = place;
    for (std::size_t i = 0; i < size; i += lanes) {
      const auto before = load<double>(paths + i);
      const auto through = subtract(add(to_here, load<double>(costs + i)), load<double>(open_price + i));
      const auto distance = smaller(through, before);
      store(paths + i, distance);
      store(columns + i, where_less(through, before, here, load<double>(columns + i)));
      nearest = where_less(distance, least, place, nearest);
      least = smaller(distance, least);
      place = add(place, step);
    }
    store(distances, least);
    store(rows, nearest);
    Index best = 0;
    for (Index i = 1; i < lanes; ++i)
      if (std::pair(distances[i], rows[i]) < std::pair(distances[best], rows[best])) best = i;
    return {static_cast<Index>(rows[best]), distances[best]};
  }

  Index capacity_;
  std::vector<double> of_row_, of_column_;             // prices
  std::vector<double> costs_, open_price_, distance_;  // of a column; of rows that are not reached; of a path to a row
  std::vector<double> before_;                         // the number of the column before a row on its path
  std::vector<Reached> reached_;
  std::vector<Index> row_of_column_, column_of_row_;
};

}  // namespace scorefield
