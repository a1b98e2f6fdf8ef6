/// The classifier two-sample test by nearest neighbours.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"
#include "scorefield/metric/detail/distance_tiles.hpp"
#include "scorefield/metric/measured.hpp"

namespace scorefield {

namespace detail {

/// For each of `columns` the squared distance to the nearest of `rows`, but for itself where they are the same set.
inline Vector<double> nearest_squares(const Matrix<double>& rows, const Matrix<double>& columns, int threads) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Vector<double> nearest = Vector<double>::Constant(columns.cols(), infinity);
  for_each_distance_tile(rows, columns, threads, [&](MatrixView<double> tile, Index row, Index column) {
    for (Index j = 0; j < tile.cols(); ++j) {
      const Index self = column + j - row;
      if (&rows == &columns && self >= 0 && self < tile.rows()) tile(self, j) = infinity;
      nearest(column + j) = std::min(nearest(column + j), tile.col(j).minCoeff());
    }
  });
  return nearest;
}

}  // namespace detail

/// How often the nearest of the other samples tells which of two sets a sample is of (leave-one-out accuracy): 0.5
/// where they are of the same distribution, 1 where the sets are apart, and 0 where each sample of one has a copy in
/// the other. Both are d x n; 4 n^2 d operations. The standard error is that of 2 n independent trials. Threads, 0 for
/// all, change no bit. Lopez-Paz and Oquab 2017, arXiv:1610.06545; Xu et al. 2018, arXiv:1806.07755. Throws
/// InvalidArgument unless the sets are of the same size, two samples or more, NonFinite for a number that is not
/// finite.
template <class A, class B>
Measured classifier_two_sample(const Eigen::MatrixBase<A>& first, const Eigen::MatrixBase<B>& second, int threads = 0) {
  Matrix<double> a = first.template cast<double>(), b = second.template cast<double>();
  detail::check_sets("classifier_two_sample", a, b);
  if (a.cols() != b.cols() || a.cols() < 2)
    throw InvalidArgument("classifier_two_sample", "as many samples in both sets, two or more",
                          text(a.cols(), " and ", b.cols()), "leave some of the larger set out");
  detail::centre(a, b);
  double right = 0;
  const auto count = [&](const Matrix<double>& own, const Matrix<double>& other) {
    const auto in_own = detail::nearest_squares(own, own, threads),
               in_other = detail::nearest_squares(other, own, threads);
    for (Index j = 0; j < own.cols(); ++j) right += in_own(j) < in_other(j) ? 1 : in_own(j) == in_other(j) ? 0.5 : 0;
  };
  count(a, b);
  count(b, a);
  const auto trials = static_cast<double>(2 * a.cols());
  const double accuracy = right / trials;
  return {accuracy, std::sqrt(accuracy * (1 - accuracy) / trials)};
}

}  // namespace scorefield
