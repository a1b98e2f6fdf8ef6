/// The energy distance of two sets of samples.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/two_sample_statistic.hpp"
#include "scorefield/metric/measured.hpp"

namespace scorefield {

/// 2 E|x - y| - E|x - x'| - E|y - y'| of two distributions, from n and m samples of them (d x n and d x m): 0 where
/// they are the same, and above it otherwise; nothing needs to be chosen. The estimate has no bias, so it may be below
/// 0; its standard error is the jackknife's. (n + m)^2 d operations. Threads, 0 for all, change no bit. Székely and
/// Rizzo 2013, "Energy statistics", Journal of Statistical Planning and Inference 143. Throws InvalidArgument unless
/// the sets have as many rows and three samples each, NonFinite for a number that is not finite.
template <class A, class B>
Measured energy_distance(const Eigen::MatrixBase<A>& first, const Eigen::MatrixBase<B>& second, int threads = 0) {
  Matrix<double> a = first.template cast<double>(), b = second.template cast<double>();
  detail::check_and_centre("energy_distance", a, b);
  return detail::two_sample_statistic(a, b, threads, [](const auto& squares) { return negate(square_root(squares)); });
}

}  // namespace scorefield
