/// The Fréchet distance of two sets of features, as if both were normal (FID where they are those of a network).
#pragma once

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/detail/checks.hpp"

namespace scorefield {

namespace detail {

struct MeanAndCovariance {
  Vector<double> mean;
  Matrix<double> covariance;
};

inline MeanAndCovariance mean_and_covariance(const Matrix<double>& features) {
  const Vector<double> mean = features.rowwise().mean();
  const Matrix<double> around = features.colwise() - mean;
  return {mean, around * around.transpose() / static_cast<double>(features.cols() - 1)};
}

/// tr (a b)^(1/2) of two covariances, which is that of (a^(1/2) b a^(1/2))^(1/2), a symmetric matrix.
inline double trace_of_root(const Matrix<double>& a, const Matrix<double>& b) {
  const Eigen::SelfAdjointEigenSolver<Matrix<double>> of_a(a);
  const Vector<double> roots = of_a.eigenvalues().cwiseMax(0).cwiseSqrt();
  const Matrix<double> root = of_a.eigenvectors() * roots.asDiagonal() * of_a.eigenvectors().transpose();
  const Matrix<double> product = root * b * root;
  const Eigen::SelfAdjointEigenSolver<Matrix<double>> of_product(product, Eigen::EigenvaluesOnly);
  return of_product.eigenvalues().cwiseMax(0).cwiseSqrt().sum();
}

}  // namespace detail

/// |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)), with the means and covariances of features d x n and d x m: the
/// square of the 2-Wasserstein distance of two normal distributions, which is what is known as FID. It comes out larger
/// the fewer samples there are: compare figures of as many. (n + m) d^2 + 30 d^3 operations. Dowson and Landau 1982,
/// "The Fréchet distance between multivariate normal distributions"; Heusel et al. 2017, arXiv:1706.08500, equation 6.
/// Throws InvalidArgument unless the sets have as many rows and two samples each, NonFinite for a number that is not
/// finite.
template <class A, class B>
double frechet_distance(const Eigen::MatrixBase<A>& first, const Eigen::MatrixBase<B>& second) {
  const Matrix<double> a = first.template cast<double>(), b = second.template cast<double>();
  detail::check_sets("frechet_distance", a, b);
  if (a.cols() < 2 || b.cols() < 2)
    throw InvalidArgument("frechet_distance", "at least two samples in each set", text(a.cols(), " and ", b.cols()),
                          "a column is a sample");
  const auto of_a = detail::mean_and_covariance(a), of_b = detail::mean_and_covariance(b);
  const double apart = (of_a.mean - of_b.mean).squaredNorm() + of_a.covariance.trace() + of_b.covariance.trace() -
                       2 * detail::trace_of_root(of_a.covariance, of_b.covariance);
  return std::max(0.0, apart);
}

}  // namespace scorefield
