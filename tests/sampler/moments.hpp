/// Means and covariances of samples, and how close those of draws are to be.
#pragma once

#include <algorithm>
#include <cmath>

#include "scorefield/core/types.hpp"
#include "scorefield/data/toy/gaussian_mixture.hpp"

namespace scorefield::test {

struct Moments {
  Vector<double> mean;
  Matrix<double> covariance;
};

inline Moments moments_of(const GaussianMixture<double>& mixture) { return {mixture.mean(), mixture.covariance()}; }

inline Moments moments_of(const Matrix<double>& x) {
  const Vector<double> mean = x.rowwise().mean();
  const Matrix<double> centred = x.colwise() - mean;
  return {mean, centred * centred.transpose() / static_cast<double>(x.cols())};
}

inline double distance(const Moments& a, const Moments& b) {
  return std::max((a.mean - b.mean).cwiseAbs().maxCoeff(), (a.covariance - b.covariance).cwiseAbs().maxCoeff());
}

/// A bound on `distance` for the moments of draws: five deviations of a mean and of a second moment, as wide as the
/// draws themselves have them.
inline double monte_carlo_error(const Matrix<double>& x) {
  const Matrix<double> centred = x.colwise() - x.rowwise().mean().eval();
  const auto variance = [](const Vector<double>& of) { return (of.array() - of.mean()).square().mean(); };
  double widest = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    widest = std::max(widest, variance(centred.row(i)));
    for (Index j = 0; j <= i; ++j) widest = std::max(widest, variance(centred.row(i).cwiseProduct(centred.row(j))));
  }
  return 5 * std::sqrt(widest / static_cast<double>(x.cols()));
}

}  // namespace scorefield::test
