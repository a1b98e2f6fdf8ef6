/// Score functions that are known, so that what a sampler adds can be told apart from what a model does not know.
#pragma once

#include <utility>

#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/sde/noisy_batch.hpp"
#include "scorefield/sde/variance_preserving.hpp"

namespace scorefield::test {

/// The denoiser of a Gaussian mixture that an equation carries to noise.
template <Real S, Sde Equation = VariancePreserving<S>>
class ExactDenoiser {
 public:
  using Scalar = S;
  struct Workspace {};

  explicit ExactDenoiser(GaussianMixture<Scalar> data, Equation sde = Equation{})
      : sde_(std::move(sde)), data_(std::move(data)) {}

  const Equation& sde() const { return sde_; }
  const GaussianMixture<Scalar>& data() const { return data_; }
  Index dimension() const { return data_.dimension(); }
  /// No multiple of a register's width, so that chunks end everywhere.
  Index chunk_size() const { return 37; }
  Workspace workspace() const { return {}; }

  void score(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> score, Workspace&) const {
    if ((batch.t.array() == batch.t(0)).all())
      return data_.evolved(batch.alpha(0), batch.sigma(0)).score(batch.x, score);
    for (Index j = 0; j < batch.size(); ++j)
      data_.evolved(batch.alpha(j), batch.sigma(j))
          .score({batch.x.col(j).data(), dimension(), 1}, {score.col(j).data(), dimension(), 1});
  }

  /// Tweedie's formula; where no signal is left, the mean of all data.
  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    score(batch, out, w);
    for (Index j = 0; j < batch.size(); ++j)
      if (batch.alpha(j) == 0)
        out.col(j) = data_.mean();
      else
        for (Index i = 0; i < dimension(); ++i)
          out(i, j) = multiply_add(batch.sigma(j) * batch.sigma(j), out(i, j), batch.x(i, j)) / batch.alpha(j);
  }

  /// As if nothing were left of the data.
  void prior(MatrixView<Scalar> z, Workspace&) const { z *= sde_.deviation(1); }

 private:
  Equation sde_;
  GaussianMixture<Scalar> data_;
};

/// One normal distribution in the plane, neither centred nor round.
template <Real Scalar>
GaussianMixture<Scalar> one_normal() {
  using M = Matrix<Scalar>;
  return {Vector<Scalar>{{1}}, M{{Scalar(0.5)}, {-1}}, {M{{1, Scalar(0.6)}, {Scalar(0.6), Scalar(0.8)}}}};
}

/// Two of them, well apart, of weights 0.7 and 0.3.
template <Real Scalar>
GaussianMixture<Scalar> two_normals() {
  using M = Matrix<Scalar>;
  return {Vector<Scalar>{{Scalar(0.7), Scalar(0.3)}},
          M{{-1, Scalar(1.5)}, {-1, 1}},
          {M{{Scalar(0.2), Scalar(0.1)}, {Scalar(0.1), Scalar(0.3)}}, M{{Scalar(0.15), 0}, {0, Scalar(0.25)}}}};
}

}  // namespace scorefield::test
