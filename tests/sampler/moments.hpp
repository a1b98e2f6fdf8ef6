/// Means and covariances of samples, and how close those of draws are to be.
#pragma once

#include <algorithm>
#include <cmath>

#include "scorefield/core/types.hpp"
#include "scorefield/data/gaussian_mixture.hpp"

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

/// A bound on `distance` for n draws of a normal distribution: five deviations of a mean and of a second moment.
inline double monte_carlo_error(const Moments& of, Index n) {
  const double variance = of.covariance.diagonal().maxCoeff();
  return 5 * std::max(std::sqrt(variance), std::sqrt(2.0) * variance) / std::sqrt(static_cast<double>(n));
}

}  // namespace scorefield::test
