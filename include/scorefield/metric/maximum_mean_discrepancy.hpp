/// The maximum mean discrepancy (MMD) of two sets of samples, with a Gaussian kernel.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/two_sample_statistic.hpp"
#include "scorefield/metric/measured.hpp"

namespace scorefield {

struct DiscrepancyOptions {
  double bandwidth = 0;  // of the kernel exp(-|x - y|^2 / (2 bandwidth^2)); 0: the median distance of the samples
  int threads = 0;       // 0: all; they change no bit
};

namespace detail {

/// The median distance between the samples of both sets, or between 500 of each set, taken at equal intervals.
inline double median_distance(const Matrix<double>& a, const Matrix<double>& b) {
  const auto some = [](const Matrix<double>& of) {
    const Index n = std::min<Index>(of.cols(), 500);
    Matrix<double> taken(of.rows(), n);
    for (Index j = 0; j < n; ++j) taken.col(j) = of.col(j * of.cols() / n);
    return taken;
  };
  const Matrix<double> of_a = some(a), of_b = some(b);
  Matrix<double> all(a.rows(), of_a.cols() + of_b.cols());
  all << of_a, of_b;
  std::vector<double> distances;
  for (Index j = 0; j < all.cols(); ++j)
    for (Index i = 0; i < j; ++i) distances.push_back((all.col(i) - all.col(j)).norm());
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

}  // namespace detail

/// The square of the maximum mean discrepancy, estimated without bias from n and m samples (d x n and d x m): about 0
/// where they are of the same distribution, above it where they differ by what is as wide as the kernel, at most 2. Its
/// standard error is the jackknife's. (n + m)^2 d operations. Gretton et al. 2012, "A Kernel Two-Sample Test", JMLR 13,
/// equation 3, and section 8 for the bandwidth. Throws InvalidArgument unless the sets have as many rows and three
/// samples each, for a bandwidth below 0, and where half of the samples are the same and none is given; NonFinite for a
/// number that is not finite.
template <class A, class B>
Measured maximum_mean_discrepancy(const Eigen::MatrixBase<A>& first, const Eigen::MatrixBase<B>& second,
                                  const DiscrepancyOptions& options = {}) {
  Matrix<double> a = first.template cast<double>(), b = second.template cast<double>();
  detail::check_and_centre("maximum_mean_discrepancy", a, b);
  const double bandwidth = options.bandwidth == 0 ? detail::median_distance(a, b) : options.bandwidth;
  if (!(bandwidth > 0 && std::isfinite(bandwidth)))
    throw InvalidArgument("maximum_mean_discrepancy", "a bandwidth above 0", text(bandwidth),
                          "pass one where the median distance of the samples is 0");
  const auto factor = broadcast(-0.5 / (bandwidth * bandwidth));
  return detail::two_sample_statistic(a, b, options.threads,
                                      [&](const auto& squares) { return exp_of_negative(multiply(squares, factor)); });
}

}  // namespace scorefield
