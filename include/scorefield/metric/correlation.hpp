/// The matrix of Pearson correlation coefficients.
#pragma once

#include <cmath>

#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"

namespace scorefield {

/// d x d correlation coefficients of the rows of samples, d x n; those of a row whose numbers are all the same are 0.
/// Throws InvalidArgument where there are no samples, NonFinite for a number that is not finite.
template <class Derived>
Matrix<double> correlation(const Eigen::MatrixBase<Derived>& samples) {
  Matrix<double> centred = samples.template cast<double>();
  detail::check_set("correlation", centred);
  centred.colwise() -= centred.rowwise().mean().eval();
  for (Index row = 0; row < centred.rows(); ++row) {
    const double largest = centred.row(row).cwiseAbs().maxCoeff();
    if (largest > 0) centred.row(row) /= largest;  // so that no square is lost
    if (const double norm = centred.row(row).norm(); norm > 0) centred.row(row) /= norm;
  }
  return centred * centred.transpose();
}

}  // namespace scorefield
