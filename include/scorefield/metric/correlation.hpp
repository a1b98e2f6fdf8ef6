/// The matrix of Pearson correlation coefficients.
#pragma once

#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"

namespace scorefield {

/// d x d correlation coefficients of the rows of samples, d x n; those of a row whose numbers are all the same are 0.
/// Throws InvalidArgument where there are no samples, NonFinite for a number that is not finite.
template <class Derived>
Matrix<double> correlation(const Eigen::MatrixBase<Derived>& samples) {
  Matrix<double> unit = samples.template cast<double>();
  detail::check_set("correlation", unit);
  for (Index row = 0; row < unit.rows(); ++row) {
    auto numbers = unit.row(row);
    // Before rounding: the mean of three times 0.1 is not 0.1.
    if (numbers.minCoeff() == numbers.maxCoeff()) {
      numbers.setZero();
      continue;
    }
    numbers /= numbers.cwiseAbs().maxCoeff();  // so that no sum overflows, and no square is lost
    numbers.array() -= numbers.mean();
    numbers /= numbers.norm();
  }
  return unit * unit.transpose();
}

}  // namespace scorefield
