/// Linear measurements with Gaussian noise: what a posterior is given.
#pragma once

#include <cmath>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/posterior/linear_operator.hpp"

namespace scorefield {

/// y = A x + noise, of one sample x of d numbers: m numbers y, and independent normal noise of a known deviation. All
/// in the data's units, also where a model has others.
template <Real S>
class LinearMeasurement {
 public:
  using Scalar = S;

  /// The deviation is the same for all m numbers, or one for each; 0 for those that are exact. Throws InvalidArgument
  /// for an operator whose transpose is none, numbers of another count than its rows, and deviations below 0; NonFinite
  /// for numbers that are not finite.
  LinearMeasurement(LinearOperator<Scalar> of, Vector<Scalar> y, double deviation)
      : LinearMeasurement(std::move(of), y, Vector<Scalar>::Constant(y.size(), static_cast<Scalar>(deviation))) {}
  LinearMeasurement(LinearOperator<Scalar> of, Vector<Scalar> y, Vector<Scalar> deviations)
      : operator_(std::move(of)), y_(std::move(y)), variances_(std::move(deviations)) {
    constexpr auto name = "LinearMeasurement";
    check_transpose(name, operator_);
    if (y_.size() != operator_.rows || variances_.size() != operator_.rows)
      throw InvalidArgument(name, text(operator_.rows, " numbers and deviations, as the operator has rows"),
                            text(y_.size(), " and ", variances_.size()), "y is of one sample");
    if (!y_.allFinite())
      throw NonFinite(name, "finite numbers", "a NaN or an infinity", "leave out rows that are not known");
    for (Scalar& number : variances_) {
      if (!(number >= 0 && std::isfinite(number)))
        throw InvalidArgument(name, "finite deviations from 0 on", text(number), "0 is a number without noise");
      number *= number;
    }
  }

  /// m and d.
  Index size() const { return y_.size(); }
  Index dimension() const { return operator_.columns; }

  /// A x (m x n) of x (d x n), and A^T v (d x n) of v (m x n).
  void apply(ConstMatrixView<Scalar> x, MatrixView<Scalar> out) const { operator_.apply(x, out); }
  void transpose(ConstMatrixView<Scalar> v, MatrixView<Scalar> out) const { operator_.transpose(v, out); }

  /// y - A x (m x n) of x (d x n).
  void residual(ConstMatrixView<Scalar> x, MatrixView<Scalar> out) const {
    apply(x, out);
    for (Index j = 0; j < out.cols(); ++j)
      for (Index i = 0; i < out.rows(); ++i) out(i, j) = y_(i) - out(i, j);
  }

  /// Adds to `out` the product of the noise's covariance with v, both m x n.
  void add_noise(ConstMatrixView<Scalar> v, MatrixView<Scalar> out) const {
    for (Index j = 0; j < out.cols(); ++j)
      for (Index i = 0; i < out.rows(); ++i) out(i, j) = multiply_add(variances_(i), v(i, j), out(i, j));
  }

 private:
  LinearOperator<Scalar> operator_;
  Vector<Scalar> y_, variances_;  // m
};

namespace detail {

/// Throws InvalidArgument, in the name of an operation, unless samples of d numbers are what was measured.
template <Real Scalar>
void check_measured(const char* operation, const LinearMeasurement<Scalar>& measurement, Index d) {
  if (measurement.dimension() != d)
    throw InvalidArgument(operation, text("a measurement of samples of ", d, " numbers, as the model has"),
                          text("one of ", measurement.dimension()), "the operator has a column for each");
}

}  // namespace detail

}  // namespace scorefield
