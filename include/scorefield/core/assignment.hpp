/// The linear assignment problem: the permutation of least total cost, by shortest augmenting paths.
#pragma once

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
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
    for (auto* numbers : {&of_row_, &of_column_, &distance_}) numbers->resize(static_cast<std::size_t>(n));
    for (auto* places : {&before_, &open_, &row_of_column_, &column_of_row_})
      places->resize(static_cast<std::size_t>(n));
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
  static constexpr Index none = -1;

  template <class T>
  static T& at(std::vector<T>& of, Index i) {
    return of[static_cast<std::size_t>(i)];
  }

  static double price(ConstMatrixView<Scalar> cost, Index row, Index column) {
    return static_cast<double>(cost(row, column));
  }

  /// Pairs each column with its cheapest row while that is free. Prices are then as augment() keeps them: no entry is
  /// below the sum of its row's and its column's, and those of pairs are equal to it.
  void start(ConstMatrixView<Scalar> cost) {
    for (Index column = 0; column < cost.cols(); ++column) {
      Index row = 0;
      cost.col(column).minCoeff(&row);
      at(of_column_, column) = price(cost, row, column);
      if (at(column_of_row_, row) == none) pair(row, column);
    }
  }

  void pair(Index row, Index column) {
    at(column_of_row_, row) = column;
    at(row_of_column_, column) = row;
  }

  /// Dijkstra's algorithm from a column over pairs to the nearest free row; then the pairs on the path change over.
  void augment(ConstMatrixView<Scalar> cost, Index first) {
    const Index n = cost.cols();
    distance_.assign(static_cast<std::size_t>(n), std::numeric_limits<double>::infinity());
    for (Index row = 0; row < n; ++row) at(open_, row) = row;
    Index open = n, column = first, free = none;  // rows [0, open) of open_ are to be reached, the others are
    double reached = 0;
    while (free == none) {
      const double from = reached - at(of_column_, column);
      const Scalar* costs = cost.col(column).data();
      double least = std::numeric_limits<double>::infinity();
      Index nearest = 0;
      for (Index i = 0; i < open; ++i) {
        const Index row = at(open_, i);
        const double through = from + static_cast<double>(costs[row]) - at(of_row_, row);
        double& distance = at(distance_, row);
        if (through < distance) {
          distance = through;
          at(before_, row) = column;
        }
        if (distance < least || (distance == least && at(column_of_row_, row) == none)) {
          least = distance;
          nearest = i;
        }
      }
      reached = least;
      const Index row = at(open_, nearest);
      std::swap(at(open_, nearest), at(open_, --open));
      if (at(column_of_row_, row) == none)
        free = row;
      else
        column = at(column_of_row_, row);
    }
    at(of_column_, first) += reached;
    for (Index i = open; i < n; ++i) {
      const Index row = at(open_, i);
      const double left = reached - at(distance_, row);
      at(of_row_, row) -= left;
      if (row != free) at(of_column_, at(column_of_row_, row)) += left;
    }
    for (Index row = free, next = none; row != none; row = next) {
      column = at(before_, row);
      next = at(row_of_column_, column);
      pair(row, column);
    }
  }

  Index capacity_;
  std::vector<double> of_row_, of_column_, distance_;  // prices, and what a path to a row costs
  std::vector<Index> before_, open_;                   // the column before a row on its path
  std::vector<Index> row_of_column_, column_of_row_;
};

}  // namespace scorefield
