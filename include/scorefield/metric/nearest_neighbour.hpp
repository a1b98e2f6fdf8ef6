/// Nearest neighbours among samples, by which copies of training data show.
#pragma once

#include <cmath>
#include <limits>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"

namespace scorefield {

/// The distance of each of n samples (d x n) to the nearest of m others (d x m): Euclidean, n m d operations. Throws
/// InvalidArgument unless the sets have as many rows and are not empty, NonFinite for a number that is not finite.
inline Vector<double> nearest_distances(const Matrix<double>& samples, const Matrix<double>& others) {
  detail::check_sets("nearest_distances", samples, others);
  Vector<double> distances(samples.cols());
  for (Index j = 0; j < samples.cols(); ++j)
    distances(j) = std::sqrt((others.colwise() - samples.col(j)).colwise().squaredNorm().minCoeff());
  return distances;
}

/// The same to the nearest of the other samples of one set, which has at least two.
inline Vector<double> nearest_distances(const Matrix<double>& samples) {
  detail::check_set("nearest_distances", samples);
  if (samples.cols() < 2)
    throw InvalidArgument("nearest_distances", "at least two samples", "one", "a sample is no neighbour of itself");
  Vector<double> distances(samples.cols());
  for (Index j = 0; j < samples.cols(); ++j) {
    Vector<double> squares = (samples.colwise() - samples.col(j)).colwise().squaredNorm();
    squares(j) = std::numeric_limits<double>::infinity();
    distances(j) = std::sqrt(squares.minCoeff());
  }
  return distances;
}

}  // namespace scorefield
