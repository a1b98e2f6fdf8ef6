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
template <class A, class B>
Vector<double> nearest_distances(const Eigen::MatrixBase<A>& samples, const Eigen::MatrixBase<B>& others) {
  const Matrix<double> from = samples.template cast<double>(), to = others.template cast<double>();
  detail::check_sets("nearest_distances", from, to);
  Vector<double> distances(from.cols());
  for (Index j = 0; j < from.cols(); ++j)
    distances(j) = std::sqrt((to.colwise() - from.col(j)).colwise().squaredNorm().minCoeff());
  return distances;
}

/// The same to the nearest of the other samples of one set, which has at least two.
template <class Derived>
Vector<double> nearest_distances(const Eigen::MatrixBase<Derived>& samples) {
  const Matrix<double> all = samples.template cast<double>();
  detail::check_set("nearest_distances", all);
  if (all.cols() < 2)
    throw InvalidArgument("nearest_distances", "at least two samples", "one", "a sample is no neighbour of itself");
  Vector<double> distances(all.cols());
  for (Index j = 0; j < all.cols(); ++j) {
    Vector<double> squares = (all.colwise() - all.col(j)).colwise().squaredNorm();
    squares(j) = std::numeric_limits<double>::infinity();
    distances(j) = std::sqrt(squares.minCoeff());
  }
  return distances;
}

}  // namespace scorefield
