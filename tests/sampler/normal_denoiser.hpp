/// The denoiser of one round normal distribution, by a formula without cancellation.
#pragma once

#include <cmath>
#include <utility>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::test {

/// Of N(mean, variance I); a variance of 0 is a point.
template <Sde Equation>
class NormalDenoiser {
 public:
  using Scalar = typename Equation::Scalar;
  struct Workspace {};

  NormalDenoiser(Scalar mean, Scalar variance, Index dimension, Equation sde = Equation{})
      : sde_(std::move(sde)), mean_(mean), variance_(variance), dimension_(dimension) {}

  const Equation& sde() const { return sde_; }
  Index dimension() const { return dimension_; }
  Index chunk_size() const { return 37; }
  Workspace workspace() const { return {}; }

  /// The mean and what of x is left: D = (1 - alpha share) mean + share x.
  Scalar share(Scalar alpha, Scalar sigma) const {
    return alpha * variance_ / multiply_add(alpha * alpha, variance_, sigma * sigma);
  }
  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace&) const {
    for (Index j = 0; j < batch.size(); ++j) {
      const Scalar alpha = batch.alpha(j);
      for (Index i = 0; i < dimension_; ++i)
        out(i, j) = multiply_add(share(alpha, batch.sigma(j)), multiply_add(-alpha, mean_, batch.x(i, j)), mean_);
    }
  }
  void score(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace&) const {
    for (Index j = 0; j < batch.size(); ++j) {
      const Scalar alpha = batch.alpha(j), sigma = batch.sigma(j);
      for (Index i = 0; i < dimension_; ++i)
        out(i, j) = multiply_add(alpha, mean_, -batch.x(i, j)) / multiply_add(alpha * alpha, variance_, sigma * sigma);
    }
  }

  /// What is left of the data at t = 1 is in it.
  void prior(MatrixView<Scalar> z, Workspace&) const {
    for (Scalar& number : z.reshaped()) number = multiply_add(deviation(1), number, sde_.signal(1) * mean_);
  }
  /// Of the marginal at a time.
  Scalar deviation(Scalar t) const {
    const Scalar alpha = sde_.signal(t), sigma = sde_.deviation(t);
    return std::sqrt(multiply_add(alpha * alpha, variance_, sigma * sigma));
  }

 private:
  Equation sde_;
  Scalar mean_, variance_;
  Index dimension_;
};

}  // namespace scorefield::test
