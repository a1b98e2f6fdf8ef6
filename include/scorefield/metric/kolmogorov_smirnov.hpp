/// The Kolmogorov-Smirnov distance: how far the distributions of two sets of numbers are apart at most.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"

namespace scorefield {

/// For each of the d rows of two sets of samples, d x n and d x m, the largest difference of their empirical
/// distribution functions: from 0 for the same numbers to 1 where all of one set are below all of the other. Two sets
/// of n of one distribution are 1.36 sqrt(2 / n) apart or more in one case of twenty. Throws InvalidArgument unless the
/// sets have as many rows and are not empty, NonFinite for a number that is not finite.
template <class A, class B>
Vector<double> kolmogorov_smirnov(const Eigen::MatrixBase<A>& first, const Eigen::MatrixBase<B>& second) {
  const Matrix<double> a = first.template cast<double>(), b = second.template cast<double>();
  detail::check_sets("kolmogorov_smirnov", a, b);
  Vector<double> distances(a.rows());
  for (Index row = 0; row < a.rows(); ++row) {
    std::vector<double> x(a.row(row).begin(), a.row(row).end()), y(b.row(row).begin(), b.row(row).end());
    std::ranges::sort(x);
    std::ranges::sort(y);
    double distance = 0;
    auto after_x = x.begin(), after_y = y.begin();
    while (after_x != x.end() && after_y != y.end()) {
      const double number = std::min(*after_x, *after_y);
      after_x = std::upper_bound(after_x, x.end(), number);
      after_y = std::upper_bound(after_y, y.end(), number);
      const double share_of_x = static_cast<double>(after_x - x.begin()) / static_cast<double>(x.size());
      const double share_of_y = static_cast<double>(after_y - y.begin()) / static_cast<double>(y.size());
      distance = std::max(distance, std::abs(share_of_x - share_of_y));
    }
    distances(row) = distance;
  }
  return distances;
}

}  // namespace scorefield
