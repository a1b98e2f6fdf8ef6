/// What a scheme does where the score is linear in x, and so the scheme too.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

#include "sampler/moments.hpp"

namespace scorefield::test {

/// y <- map y + shift, and noise of this variance added to x: the first d of the k numbers of y, those below being what
/// else the scheme carries along.
struct LinearStep {
  Matrix<double> map;    // k x k
  Vector<double> shift;  // k
  double variance;
};

using LinearScheme = std::vector<LinearStep>;

/// Of what the scheme makes of x (d numbers) from a centred normal distribution of this variance, exactly.
inline Moments moments_after(const LinearScheme& scheme, Index d, double variance) {
  const Index k = scheme.front().shift.size();
  Vector<double> mean = Vector<double>::Zero(k);
  Matrix<double> covariance = Matrix<double>::Zero(k, k);
  covariance.topLeftCorner(d, d).diagonal().setConstant(variance);
  for (const auto& step : scheme) {
    mean = step.map * mean + step.shift;
    covariance = step.map * covariance * step.map.transpose();
    covariance.topLeftCorner(d, d).diagonal().array() += step.variance;
  }
  return {mean.head(d), covariance.topLeftCorner(d, d)};
}

/// What the scheme makes of samples 0, 1, ... of a seed, which begin at x (d x n), with the noise that they meet.
inline Matrix<double> samples_after(const LinearScheme& scheme, const Matrix<double>& x, Seed seed) {
  Matrix<double> y = Matrix<double>::Zero(scheme.front().shift.size(), x.cols()), noise(x.rows(), x.cols());
  y.topRows(x.rows()) = x;
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    y = ((scheme[i].map * y).colwise() + scheme[i].shift).eval();
    Random(seed, "reverse noise").normal(view(noise), 0, static_cast<Index>(i));
    y.topRows(x.rows()) += std::sqrt(scheme[i].variance) * noise;
  }
  return y.topRows(x.rows());
}

}  // namespace scorefield::test
