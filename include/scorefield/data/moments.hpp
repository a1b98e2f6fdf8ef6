/// The mean and the covariance of a data set, as principal moments (PCA).
#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"

namespace scorefield {

/// The part of a covariance that is looked at: its diagonal, the variance of each coordinate, or all of it, through its
/// eigen-decomposition, which takes several times d x d numbers of memory and some 10 d^3 operations.
enum class Covariance { diagonal, full };

/// A distribution's mean and its variances along axes, in double.
struct PrincipalMoments {
  Vector<double> mean;      // d
  Vector<double> variance;  // d, along the axes, by the number of samples: from 0 on
  Matrix<double> axes;      // d x d, orthonormal columns; d x 0 for the coordinates' own
};

namespace detail {

/// Of as many numbers a sample the full covariance takes 3.2 GB, and its eigen-decomposition several times that, and
/// hours. More is a slip: memory that is promised but is not there would end the program without a word.
constexpr Index most_for_full_covariance = 20'000;

inline void check_full_covariance(Index d) {
  if (d <= most_for_full_covariance) return;
  const double gigabytes = static_cast<double>(d) * static_cast<double>(d) * sizeof(double) / 1e9;
  throw InvalidArgument("principal_moments",
                        text("samples of at most ", most_for_full_covariance, " numbers for a full covariance"),
                        text(d, ", whose covariance would take ", std::round(10 * gigabytes) / 10, " GB"),
                        "use Covariance::diagonal, which takes as much as a sample");
}

}  // namespace detail

/// Computes the moments of the data in one pass over them. Throws InvalidArgument for the full covariance of samples of
/// more than 20,000 numbers.
template <Real Scalar>
PrincipalMoments principal_moments(const Dataset<Scalar>& data, Covariance covariance) {
  const Index d = data.dimension();
  const bool full = covariance == Covariance::full;
  if (full) detail::check_full_covariance(d);
  // Sums of what is left after the first sample, because squares of numbers far from 0 would cancel.
  const Vector<double> first = data.samples().col(0).template cast<double>();
  Vector<double> sum = Vector<double>::Zero(d);
  Matrix<double> squares = Matrix<double>::Zero(d, full ? d : 1);
  const Chunks chunks{data.size(), 256};
  for (Index i = 0; i < chunks.pieces(); ++i) {
    const auto part = data.samples().middleCols(chunks.first(i), chunks.length(i));
    const Matrix<double> x = part.template cast<double>().colwise() - first;
    sum += x.rowwise().sum();
    if (full)
      squares.template selfadjointView<Eigen::Lower>().rankUpdate(x);
    else
      squares += x.rowwise().squaredNorm();
  }
  const auto n = static_cast<double>(data.size());
  sum /= n;
  squares /= n;
  PrincipalMoments moments{first + sum, {}, Matrix<double>(d, 0)};
  if (full) {
    squares.template selfadjointView<Eigen::Lower>().rankUpdate(sum, -1);
    const Eigen::SelfAdjointEigenSolver<Matrix<double>> solver(squares);  // reads the lower triangle
    moments.variance = solver.eigenvalues().cwiseMax(0);
    moments.axes = solver.eigenvectors();
  } else {
    moments.variance = (squares - sum.cwiseAbs2()).cwiseMax(0);
  }
  return moments;
}

}  // namespace scorefield
