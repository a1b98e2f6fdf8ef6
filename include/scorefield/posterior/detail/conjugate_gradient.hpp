/// Conjugate gradients for symmetric positive semi-definite systems, one for each column of a batch.
#pragma once

#include <limits>
#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Hestenes and Stiefel 1952. The columns share products with their matrices and nothing else, so that a column's bits
/// do not depend on the others.
template <Real Scalar>
class ConjugateGradient {
 public:
  /// For up to n columns of m numbers.
  ConjugateGradient(Index m, Index n)
      : solution_(m, n), residual_(m, n), direction_(m, n), image_(m, n), squares_(n), enough_(n) {}

  /// Where the right-hand sides of n columns, m x n, are to be written before they are solved for.
  MatrixView<Scalar> right_hand_side(Index n) { return columns(residual_, 0, n); }

  /// The solutions for n columns after so many iterations, or fewer where the residual is of the size of roundings, or
  /// a direction is one that a column's matrix does not stretch. multiply(p, image) writes the products of the columns'
  /// matrices with p, both m x n. The right-hand side is scratch afterwards.
  template <class Multiply>
  ConstMatrixView<Scalar> solve(Index n, Index iterations, const Multiply& multiply) {
    constexpr Scalar epsilon = std::numeric_limits<Scalar>::epsilon();
    columns(solution_, 0, n).setZero();
    columns(direction_, 0, n) = columns(residual_, 0, n);
    for (Index j = 0; j < n; ++j) {
      squares_(j) = dot(residual_, residual_, j);
      enough_(j) = epsilon * epsilon * squares_(j);
    }
    for (Index k = 0; k < iterations && (squares_.head(n).array() > enough_.head(n).array()).any(); ++k) {
      multiply(columns(std::as_const(direction_), 0, n), columns(image_, 0, n));
      for (Index j = 0; j < n; ++j)
        if (squares_(j) > enough_(j)) squares_(j) = advance(j);
    }
    return columns(std::as_const(solution_), 0, n);
  }

 private:
  static Scalar dot(const Matrix<Scalar>& a, const Matrix<Scalar>& b, Index j) {
    const auto product = [](const auto& x, const auto& y) { return scorefield::multiply(x, y); };
    return sum_of(a.rows(), product, a.col(j).data(), b.col(j).data());
  }

  /// to += factor from, column j of each.
  static void add(Scalar factor, const Matrix<Scalar>& from, Matrix<Scalar>& to, Index j) {
    const auto sum = [factor = broadcast(factor)](const auto& x, const auto& y) { return multiply_add(factor, x, y); };
    transform(to.col(j).data(), to.rows(), sum, from.col(j).data(), static_cast<const Scalar*>(to.col(j).data()));
  }

  /// An iteration of column j: the new residual's square, 0 where there is nothing more to be had.
  Scalar advance(Index j) {
    const Scalar stretch = dot(direction_, image_, j);
    if (!(stretch > 0)) return 0;
    const Scalar step = squares_(j) / stretch;
    add(step, direction_, solution_, j);
    add(-step, image_, residual_, j);
    const Scalar square = dot(residual_, residual_, j), turn = square / squares_(j);
    const auto sum = [turn = broadcast(turn)](const auto& r, const auto& p) { return multiply_add(turn, p, r); };
    transform(direction_.col(j).data(), direction_.rows(), sum, static_cast<const Scalar*>(residual_.col(j).data()),
              static_cast<const Scalar*>(direction_.col(j).data()));
    return square;
  }

  Matrix<Scalar> solution_, residual_, direction_, image_;
  Vector<Scalar> squares_, enough_;  // |residual|^2, and what it need not be above
};

}  // namespace scorefield::detail
