/// 2-Wasserstein distances of two sets of samples: sliced, and exact by assignment.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <vector>

#include "scorefield/core/assignment.hpp"
#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"
#include "scorefield/metric/measured.hpp"

namespace scorefield {

struct SlicedOptions {
  Index directions = 256;  // from 2 on
  Seed seed = 0;           // of the directions, in three dimensions and more
  int threads = 0;         // 0: all; they change no bit
};

namespace detail {

/// The squared 2-Wasserstein distance of two sets of numbers, each in ascending order: the mean square of the
/// difference of their quantile functions.
inline double sorted_wasserstein(const double* a, Index n, const double* b, Index m) {
  const auto share_of_a = 1 / static_cast<double>(n), share_of_b = 1 / static_cast<double>(m);
  double sum = 0, done = 0;
  for (Index i = 0, j = 0; i < n && j < m;) {
    // Shares end where i + 1 of n and j + 1 of m are the same, in whole numbers.
    const double end_of_a = static_cast<double>(i + 1) * share_of_a, end_of_b = static_cast<double>(j + 1) * share_of_b;
    const double difference = a[i] - b[j], end = std::min(end_of_a, end_of_b);
    sum = multiply_add(end - done, difference * difference, sum);
    done = end;
    const std::int64_t of_a = std::int64_t{i + 1} * m, of_b = std::int64_t{j + 1} * n;
    i += of_a <= of_b;
    j += of_b <= of_a;
  }
  return sum;
}

/// d x count unit vectors: equidistant in the plane, where chance would only add noise, and else random.
inline Matrix<double> slicing_directions(Index d, const SlicedOptions& options) {
  Matrix<double> directions(d, d == 1 ? 1 : options.directions);
  if (d == 1) directions.setOnes();
  if (d > 2) Random(options.seed, "slicing directions").normal(view(directions), 0, 0);
  if (d == 2)
    for (Index k = 0; k < directions.cols(); ++k) {
      const double angle = std::numbers::pi * static_cast<double>(k) / static_cast<double>(directions.cols());
      directions.col(k) << std::cos(angle), std::sin(angle);
    }
  else
    directions.colwise().normalize();
  return directions;
}

}  // namespace detail

/// The sliced 2-Wasserstein distance of samples d x n and d x m: the root of the mean, over directions, of the squared
/// distance of the sets' projections. It is quick, n log n for each direction, and tells of shapes as the exact one
/// does, of which it is at most 1 / sqrt(d). The standard error is that of the directions' choice, not that of the
/// samples, and 0 in one and two dimensions, where they are none of chance. Rabin et al. 2011, "Wasserstein barycenter
/// and its application to texture mixing". Throws InvalidArgument unless the sets have as many rows and a sample each,
/// and for fewer than two directions; NonFinite for a number that is not finite.
template <class A, class B>
Measured sliced_wasserstein(const Eigen::MatrixBase<A>& first, const Eigen::MatrixBase<B>& second,
                            const SlicedOptions& options = {}) {
  const Matrix<double> a = first.template cast<double>(), b = second.template cast<double>();
  detail::check_sets("sliced_wasserstein", a, b);
  if (options.directions < 2)
    throw InvalidArgument("sliced_wasserstein", "two directions or more", text(options.directions), "256 are usual");
  const auto directions = detail::slicing_directions(a.rows(), options);
  const Chunks chunks{directions.cols(), 8};
  struct Room {
    Matrix<double> of_a, of_b;
    ProductRoom<double> product;
  };
  std::vector<Room> rooms(static_cast<std::size_t>(std::min<Index>(resolve_threads(options.threads), chunks.pieces())));
  Vector<double> squares(directions.cols());
  parallel_for(chunks.pieces(), static_cast<int>(rooms.size()), [&](Index chunk, int worker) {
    auto& room = rooms[static_cast<std::size_t>(worker)];
    const auto along = columns(directions, chunks.first(chunk), chunks.length(chunk));
    const auto project = [&](const Matrix<double>& samples, Matrix<double>& to) {
      to.resize(samples.cols(), along.cols());
      room.product.reserve_left_transposed(samples.cols(), samples.rows(), along.cols());
      multiply_left_transposed(view(samples), along, view(to), room.product);
      for (auto numbers : to.colwise()) std::sort(numbers.begin(), numbers.end());
    };
    project(a, room.of_a);
    project(b, room.of_b);
    for (Index k = 0; k < along.cols(); ++k)
      squares(chunks.first(chunk) + k) =
          detail::sorted_wasserstein(room.of_a.col(k).data(), a.cols(), room.of_b.col(k).data(), b.cols());
  });
  const auto count = static_cast<double>(squares.size());
  const double mean = squares.mean(), value = std::sqrt(mean);
  if (a.rows() <= 2 || value == 0) return {value, 0};
  const double of_mean = std::sqrt((squares.array() - mean).square().sum() / (count * (count - 1)));
  return {value, of_mean / (2 * value)};  // the derivative of the root
}

/// The most samples that wasserstein() takes: their costs are 128 MB.
inline constexpr Index most_samples_of_wasserstein = 4000;

/// The 2-Wasserstein distance of two sets of n samples, d x n each: the root of the least mean square of the distances
/// by which one is moved to the other, exactly. 1,000 samples take about 0.1 s, 4,000 some seconds. It comes out larger
/// the fewer samples there are, in high dimensions by far: compare figures of as many. Threads, 0 for all, change no
/// bit. Throws InvalidArgument unless the sets are of the same size, up to 4,000 samples, NonFinite for a number that
/// is not finite.
template <class A, class B>
double wasserstein(const Eigen::MatrixBase<A>& first, const Eigen::MatrixBase<B>& second, int threads = 0) {
  const Matrix<double> a = first.template cast<double>(), b = second.template cast<double>();
  detail::check_sets("wasserstein", a, b);
  const Index n = a.cols();
  if (b.cols() != n || n > most_samples_of_wasserstein)
    throw InvalidArgument("wasserstein", text("as many samples in both sets, up to ", most_samples_of_wasserstein),
                          text(n, " and ", b.cols()), "leave some out, or use sliced_wasserstein");
  // The means' distance costs the same however the samples are paired; without it pairs are found faster.
  const Vector<double> apart = b.rowwise().mean() - a.rowwise().mean();
  Matrix<double> cost(n, n);
  const auto square_of = [](const auto& x, const auto& y) {
    const auto difference = subtract(x, y);
    return multiply(difference, difference);
  };
  parallel_for(n, resolve_threads(threads), [&](Index j, int) {
    const Vector<double> to = b.col(j) - apart;
    for (Index i = 0; i < n; ++i) cost(i, j) = sum_of(a.rows(), square_of, a.col(i).data(), to.data());
  });
  Assignment<double> assignment(n);
  const auto& pair = assignment.solve(cost);
  double sum = 0;
  for (Index i = 0; i < n; ++i)
    sum += sum_of(a.rows(), square_of, a.col(i).data(), b.col(pair[static_cast<std::size_t>(i)]).data());
  return std::sqrt(sum / static_cast<double>(n));
}

}  // namespace scorefield
