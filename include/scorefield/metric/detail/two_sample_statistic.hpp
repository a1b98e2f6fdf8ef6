/// The statistic of two sets of samples that a kernel defines, and its standard error by the jackknife.
#pragma once

#include <cmath>
#include <string_view>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"
#include "scorefield/metric/detail/distance_tiles.hpp"
#include "scorefield/metric/measured.hpp"

namespace scorefield::detail {

/// The sets as the statistic needs them. Throws InvalidArgument for fewer than three samples, and like check_sets.
inline void check_and_centre(std::string_view operation, Matrix<double>& a, Matrix<double>& b) {
  check_sets(operation, a, b);
  if (a.cols() < 3 || b.cols() < 3)
    throw InvalidArgument(operation, "at least three samples in each set", text(a.cols(), " and ", b.cols()),
                          "a column is a sample");
  centre(a, b);
}

/// For each of `columns` the sum of the kernel with all of `rows`, but for itself where they are the same set.
template <class Kernel>
Vector<double> kernel_sums(const Matrix<double>& rows, const Matrix<double>& columns, int threads,
                           const Kernel& kernel) {
  Vector<double> sums = Vector<double>::Zero(columns.cols());
  for_each_distance_tile(rows, columns, threads, [&](MatrixView<double> tile, Index row, Index column) {
    for (Index j = 0; j < tile.cols(); ++j) {
      double* values = tile.col(j).data();
      transform(values, tile.rows(), kernel, values);
      const Index self = column + j - row;
      if (&rows == &columns && self >= 0 && self < tile.rows()) values[self] = 0;
      sums(column + j) += sum_of(tile.rows(), values);
    }
  });
  return sums;
}

/// The variance of the statistic that a set is responsible for, by its values without each of the set's samples.
inline double jackknife_variance(const Vector<double>& left_out) {
  const auto n = static_cast<double>(left_out.size());
  return (left_out.array() - left_out.mean()).square().sum() * (n - 1) / n;
}

/// The mean of k(a, a') over pairs, plus that of k(b, b'), minus twice that of k(a, b): without bias, as no sample is a
/// pair with itself. The kernel is a function of packets of squared distances. For sets as check_and_centre leaves
/// them. Gretton et al. 2012, "A Kernel Two-Sample Test", JMLR 13, equation 3.
template <class Kernel>
Measured two_sample_statistic(const Matrix<double>& a, const Matrix<double>& b, int threads, const Kernel& kernel) {
  const Vector<double> a_in_a = kernel_sums(a, a, threads, kernel), b_in_b = kernel_sums(b, b, threads, kernel);
  const Vector<double> a_to_b = kernel_sums(b, a, threads, kernel), b_to_a = kernel_sums(a, b, threads, kernel);
  const auto n = static_cast<double>(a.cols()), m = static_cast<double>(b.cols());
  const double within_a = a_in_a.sum(), within_b = b_in_b.sum(), between = a_to_b.sum();
  const double mean_a = within_a / (n * (n - 1)), mean_b = within_b / (m * (m - 1)), mean = between / (n * m);
  const Vector<double> without_a =
      (within_a - 2 * a_in_a.array()) / ((n - 1) * (n - 2)) - 2 * (between - a_to_b.array()) / ((n - 1) * m);
  const Vector<double> without_b =
      (within_b - 2 * b_in_b.array()) / ((m - 1) * (m - 2)) - 2 * (between - b_to_a.array()) / (n * (m - 1));
  return {mean_a + mean_b - 2 * mean, std::sqrt(jackknife_variance(without_a) + jackknife_variance(without_b))};
}

}  // namespace scorefield::detail
