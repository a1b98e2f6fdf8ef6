/// Examples: samples of data and what each is given, of which training steps look at a batch.
#pragma once

#include "scorefield/core/types.hpp"

namespace scorefield {

/// Views of n columns each.
template <Real Scalar>
struct Examples {
  ConstMatrixView<Scalar> x0;         // d x n
  ConstMatrixView<Scalar> condition;  // k x n, in columns of NaN where it is not given; k may be 0

  Examples(ConstMatrixView<Scalar> samples, ConstMatrixView<Scalar> conditions) : x0(samples), condition(conditions) {}
  /// Samples that are given nothing.
  Examples(ConstMatrixView<Scalar> samples) : Examples(samples, {nullptr, 0, samples.cols()}) {}
  /// Matrices, which must outlive it.
  Examples(const Matrix<Scalar>& samples, const Matrix<Scalar>& conditions)
      : Examples(view(samples), view(conditions)) {}
  Examples(const Matrix<Scalar>& samples) : Examples(view(samples)) {}

  Index size() const { return x0.cols(); }
};

}  // namespace scorefield
