/// The probability flow of a mixture by another way than the samplers', and the order of what follows it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "scorefield/core/types.hpp"
#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield::test {

/// Where the flow takes samples x (d x n) from time s to t, by the classical Runge-Kutta method. In y = x / alpha and
/// rho = sigma / alpha every equation's flow is dy / dlog(rho) = -rho^2 score(y) of data with noise of deviation rho.
/// 4,000 steps over a range of up to 10 err by 0.0025^4 = 4e-11 times derivatives.
template <Sde Equation>
Matrix<double> flow(const GaussianMixture<double>& data, const Equation& sde, const Matrix<double>& x, double s,
                    double t) {
  constexpr int steps = 4000;
  const double first = std::log(sde.deviation(s) / sde.signal(s)), last = std::log(sde.deviation(t) / sde.signal(t));
  const double h = (last - first) / steps;
  const auto slope = [&](double log_rho, const Matrix<double>& y) -> Matrix<double> {
    const double rho = std::exp(log_rho);
    return -rho * rho * data.evolved(1, rho).score(y);
  };
  Matrix<double> y = x / sde.signal(s);
  for (int i = 0; i < steps; ++i) {
    const double u = first + i * h;
    const Matrix<double> k1 = slope(u, y), k2 = slope(u + h / 2, y + h / 2 * k1), k3 = slope(u + h / 2, y + h / 2 * k2),
                         k4 = slope(u + h, y + h * k3);
    y += h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return sde.signal(t) * y;
}

/// The median distance of samples: of a mixture some stand on the watershed between the modes, where the smallest error
/// grows to that of another mode, so that means converge late.
inline double median_distance(const Matrix<double>& a, const Matrix<double>& b) {
  Vector<double> lengths = (a - b).colwise().norm();
  std::nth_element(lengths.begin(), lengths.begin() + lengths.size() / 2, lengths.end());
  return lengths(lengths.size() / 2);
}

/// d log error / d log(1 / steps), by least squares over three doublings of the steps; error_of(steps).
template <class Error>
double observed_order(Index steps, const Error& error_of) {
  std::vector<double> logs;
  for (int i = 0; i < 4; ++i) logs.push_back(-std::log2(error_of(steps << i)));
  return (3 * (logs[3] - logs[0]) + (logs[2] - logs[1])) / 10;
}

}  // namespace scorefield::test
