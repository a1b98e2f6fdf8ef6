/// Entropic optimal transport: the transport plan by Sinkhorn's iterations in the logarithmic domain.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// How much the entropy counts, and when to stop.
struct SinkhornOptions {
  double regularisation = 0.05;  // above 0, in the units of the costs; half of it takes about twice the iterations
  Index iterations = 1000;       // at most, from 1 on
  double tolerance = 1e-3;       // >= 0: stops where the rows' sums are off by this share on average
};

/// The plan P (n x m), whose rows sum to 1 / n and columns to 1 / m, of least sum of P cost + regularisation P log P.
/// Its cost comes down to that of the Assignment as the regularisation does; an iteration takes 2 n m exponentials and
/// can do for thousands of points, where assignments take minutes. Cuturi 2013, arXiv:1306.0895; in the logarithmic
/// domain, which has no small numbers to lose: Peyré and Cuturi 2019, arXiv:1803.00567, equations 4.43 and 4.44. Memory
/// is allocated once.
template <Real Scalar>
class Sinkhorn {
 public:
  /// For matrices of up to rows x columns. Throws InvalidArgument unless both are at least 1 and the options in range.
  Sinkhorn(Index rows, Index columns, const SinkhornOptions& options = {})
      : options_(options), most_rows_(rows), most_columns_(columns) {
    if (rows < 1 || columns < 1)
      throw InvalidArgument("Sinkhorn", "room for at least one row and one column", text(rows, " x ", columns),
                            "pass the size of the costs");
    if (!(options.regularisation > 0 && std::isfinite(options.regularisation)) || options.iterations < 1 ||
        !(options.tolerance >= 0))
      throw InvalidArgument("Sinkhorn", "a regularisation above 0, iterations from 1 on, and a tolerance from 0 on",
                            text(options.regularisation, ", ", options.iterations, " and ", options.tolerance),
                            "0.05 and 1000 are usual");
    plan_.resize(rows * columns);
    for (auto* numbers : {&of_row_, &largest_, &sum_}) numbers->resize(rows);
    of_column_.resize(columns);
    scratch_.resize(rows);
  }

  /// The plan for costs n x m, valid until the next call. Its columns' sums are right but for rounding. Throws
  /// InvalidArgument unless there is room for it, NonFinite unless the costs over the regularisation are finite.
  ConstMatrixView<Scalar> solve(const Matrix<Scalar>& cost) { return solve(view(cost)); }
  ConstMatrixView<Scalar> solve(ConstMatrixView<Scalar> cost) {
    const Index n = cost.rows(), m = cost.cols();
    if (n < 1 || m < 1 || n > most_rows_ || m > most_columns_)
      throw InvalidArgument("Sinkhorn::solve", text("costs of up to ", most_rows_, " x ", most_columns_),
                            text(n, " x ", m), "make it for the largest batch");
    rows_ = n;
    MatrixView<Scalar> kernel(plan_.data(), n, m);  // its logarithm, in which the plan is made at the end
    kernel = cost * static_cast<Scalar>(-1 / options_.regularisation);
    if (!kernel.allFinite())
      throw NonFinite("Sinkhorn::solve", "finite costs over the regularisation", "a NaN or an infinity",
                      "look at the costs, or take a larger regularisation");
    of_row_.setZero();
    of_column_.setZero();
    iterations_ = 0;
    for (double off = 1; iterations_ < options_.iterations && (off > options_.tolerance || iterations_ < 2);) {
      off = scale_rows(kernel);
      scale_columns(kernel);
      ++iterations_;
    }
    for (Index j = 0; j < m; ++j) {
      const auto whole = broadcast(of_column_(j));
      const auto entry = [&](const auto& k, const auto& u) { return exp_of_negative(smaller_than_one(k, u, whole)); };
      transform(kernel.col(j).data(), n, entry, kernel.col(j).data(), of_row_.data());
    }
    return {plan_.data(), n, m};
  }

  /// How many iterations the last plan took.
  Index iterations() const { return iterations_; }

  /// Of the last plan, the row that a number in (0, 1] draws from a column: each as likely as its part of the column.
  Index row_of(Index column, double uniform) const {
    const Scalar* entries = plan_.data() + column * rows_;
    double sum = 0, reached = 0;
    for (Index row = 0; row < rows_; ++row) sum += static_cast<double>(entries[row]);
    const double sought = uniform * sum;
    Index row = 0;
    while (row + 1 < rows_ && (reached += static_cast<double>(entries[row])) < sought) ++row;
    return row;
  }

 private:
  /// k + u + v, which is the logarithm of a part of 1.
  template <class P>
  static P smaller_than_one(const P& k, const P& u, const P& v) {
    return smaller(add(add(k, u), v), constant<P>(0));
  }

  /// Makes the rows' sums right; returns by which share they were off on average.
  double scale_rows(MatrixView<Scalar> kernel) {
    const Index n = kernel.rows(), m = kernel.cols();
    for (Index j = 0; j < m; ++j) {
      const auto v = broadcast(of_column_(j));
      const auto larger_one = [&](const auto& k, const auto& largest) { return larger(add(k, v), largest); };
      if (j == 0) largest_.head(n) = kernel.col(0).array() + of_column_(0);
      transform(largest_.data(), n, larger_one, kernel.col(j).data(), largest_.data());
    }
    sum_.setZero();
    for (Index j = 0; j < m; ++j) {
      const auto v = broadcast(of_column_(j));
      const auto with = [&](const auto& k, const auto& largest, const auto& sum) {
        return add(sum, exp_of_negative(subtract(add(k, v), largest)));
      };
      transform(sum_.data(), n, with, kernel.col(j).data(), largest_.data(), sum_.data());
    }
    double off = 0;
    for (Index i = 0; i < n; ++i) {
      const Scalar before = of_row_(i);
      of_row_(i) = -largest_(i) - std::log(sum_(i) * static_cast<Scalar>(n));
      off += std::abs(std::expm1(static_cast<double>(before - of_row_(i))));
    }
    return off / static_cast<double>(n);
  }

  /// Makes the columns' sums right.
  void scale_columns(MatrixView<Scalar> kernel) {
    const Index n = kernel.rows(), m = kernel.cols();
    const auto plus = [](const auto& k, const auto& u) { return add(k, u); };
    for (Index j = 0; j < m; ++j) {
      transform(scratch_.data(), n, plus, kernel.col(j).data(), of_row_.data());
      const Scalar most = scratch_.head(n).maxCoeff();
      const auto largest = broadcast(most);
      const auto exponential = [&](const auto& z) { return exp_of_negative(subtract(z, largest)); };
      transform(scratch_.data(), n, exponential, scratch_.data());
      of_column_(j) = -most - std::log(sum_of(n, scratch_.data()) * static_cast<Scalar>(m));
    }
  }

  SinkhornOptions options_;
  Index most_rows_, most_columns_, rows_ = 0, iterations_ = 0;
  Vector<Scalar> plan_;
  Vector<Scalar> of_row_, of_column_;       // what is added to the logarithm of the kernel
  Vector<Scalar> largest_, sum_, scratch_;  // of rows
};

}  // namespace scorefield
