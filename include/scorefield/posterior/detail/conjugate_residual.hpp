/// Conjugate residuals (ORTHOMIN(1)) for linear systems, one for each column of a batch.
#pragma once

#include <limits>
#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// The conjugate gradients that never let the residual grow, also for matrices that are neither symmetric nor positive,
/// as those of learned derivatives are; for symmetric ones it is the least that as many products can make it. The
/// columns share products with their matrices and nothing else, so that a column's bits do not depend on the others.
/// Stiefel 1955; Eisenstat, Elman and Schultz 1983, SIAM J. Numer. Anal. 20.
template <Real Scalar>
class ConjugateResidual {
 public:
  /// For up to n columns of m numbers.
  ConjugateResidual(Index m, Index n)
      : solution_(m, n), residual_(m, n), direction_(m, n), image_(m, n), next_(m, n), enough_(n) {}

  /// Where the right-hand sides of n columns, m x n, are to be written before they are solved for.
  MatrixView<Scalar> right_hand_side(Index n) { return columns(residual_, 0, n); }

  /// The solutions for n columns after so many iterations, or fewer where the residual is of the size of roundings.
  /// multiply(p, image) writes the products of the columns' matrices with p, both m x n. The right-hand side is scratch
  /// afterwards.
  template <class Multiply>
  ConstMatrixView<Scalar> solve(Index n, Index iterations, const Multiply& multiply) {
    constexpr Scalar epsilon = std::numeric_limits<Scalar>::epsilon();
    columns(solution_, 0, n).setZero();
    columns(direction_, 0, n).setZero();
    columns(image_, 0, n).setZero();
    for (Index j = 0; j < n; ++j) enough_(j) = epsilon * epsilon * dot(residual_, residual_, j);
    bool more = true;
    for (Index k = 0; k < iterations && more; ++k) {
      multiply(columns(std::as_const(residual_), 0, n), columns(next_, 0, n));
      more = false;
      for (Index j = 0; j < n; ++j) {
        if (!(dot(residual_, residual_, j) > enough_(j))) continue;
        const bool moved = advance(j);
        if (!moved) enough_(j) = std::numeric_limits<Scalar>::infinity();
        more |= moved;
      }
    }
    return columns(std::as_const(solution_), 0, n);
  }

 private:
  static Scalar dot(const Matrix<Scalar>& a, const Matrix<Scalar>& b, Index j) {
    const auto product = [](const auto& x, const auto& y) { return scorefield::multiply(x, y); };
    return sum_of(a.rows(), product, a.col(j).data(), b.col(j).data());
  }

  /// to = factor x + y, column j of each.
  static void combine(Scalar factor, const Matrix<Scalar>& x, const Matrix<Scalar>& y, Matrix<Scalar>& to, Index j) {
    const auto sum = [factor = broadcast(factor)](const auto& a, const auto& b) { return multiply_add(factor, a, b); };
    transform(to.col(j).data(), to.rows(), sum, x.col(j).data(), y.col(j).data());
  }

  /// An iteration of column j; false where its matrix makes nothing of the direction.
  bool advance(Index j) {
    const Scalar before = dot(image_, image_, j);
    const Scalar turn = before > 0 ? -dot(next_, image_, j) / before : Scalar(0);
    combine(turn, direction_, residual_, direction_, j);
    combine(turn, image_, next_, image_, j);
    const Scalar square = dot(image_, image_, j);
    if (!(square > 0)) return false;
    const Scalar step = dot(residual_, image_, j) / square;
    combine(step, direction_, solution_, solution_, j);
    combine(-step, image_, residual_, residual_, j);
    return true;
  }

  Matrix<Scalar> solution_, residual_, direction_, image_, next_;  // image and next: products with the two before
  Vector<Scalar> enough_;                                          // the square that a residual need not be above
};

}  // namespace scorefield::detail
