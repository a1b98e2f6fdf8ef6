/// The base class of predictions whose output is linear in sample, data and noise.
#pragma once

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::detail {

/// sample x + output F.
template <Real Scalar>
struct ViewShares {
  Scalar sample, output;
};

/// (D - x0) / sigma = (output F + noise eps + data x0) / divisor.
template <Real Scalar>
struct ErrorShares {
  Scalar output, noise, data, divisor;
};

/// `Derived` offers, as functions of alpha and sigma, of which each view of the denoiser and its error consist:
///   denoised_shares, score_shares (ViewShares), error_shares (ErrorShares)
/// Ho, Jain and Abbeel 2020, arXiv:2006.11239, section 3.2, and Salimans and Ho 2022, arXiv:2202.00512, appendix D.
template <class Derived>
class LinearPrediction {
 public:
  struct Workspace {};

  void validate(Index) const {}

  template <Network Net>
  Workspace workspace(const Net&) const {
    return {};
  }

  template <Real Scalar>
  void prior(Scalar, Scalar sigma, MatrixView<Scalar> z, Workspace&) const {
    z *= sigma;
  }

  template <Real Scalar>
  NoisyBatch<Scalar> input(const NoisyBatch<Scalar>& batch, Workspace&) const {
    return batch;
  }

  template <Real Scalar>
  void denoised(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace&) const {
    combine(batch, out, [this](Scalar alpha, Scalar sigma) { return self().denoised_shares(alpha, sigma); });
  }

  template <Real Scalar>
  void score(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace&) const {
    combine(batch, out, [this](Scalar alpha, Scalar sigma) { return self().score_shares(alpha, sigma); });
  }

  template <Real Scalar>
  void denoised_backward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> d, Workspace&) const {
    for (Index j = 0; j < d.cols(); ++j) d.col(j) *= self().denoised_shares(batch.alpha(j), batch.sigma(j)).output;
  }

  template <Real Scalar>
  void input_backward(const NoisyBatch<Scalar>& batch, ConstMatrixView<Scalar> d, MatrixView<Scalar> dx,
                      Workspace&) const {
    for (Index j = 0; j < d.cols(); ++j) {
      const Scalar share = self().denoised_shares(batch.alpha(j), batch.sigma(j)).sample;
      for (Index i = 0; i < d.rows(); ++i) dx(i, j) = multiply_add(share, d(i, j), dx(i, j));
    }
  }

  template <Real Scalar>
  void error(const DenoisingTask<Scalar>& task, ConstMatrixView<Scalar> f, MatrixView<Scalar> error, Workspace&) const {
    for (Index j = 0; j < f.cols(); ++j) {
      const auto shares = weighted(task, j);
      for (Index i = 0; i < f.rows(); ++i)
        error(i, j) = multiply_add(shares.output, f(i, j),
                                   multiply_add(shares.noise, task.noise(i, j), shares.data * task.x0(i, j)));
    }
  }

  template <Real Scalar>
  void error_backward(const DenoisingTask<Scalar>& task, ConstVectorView<Scalar> scale, MatrixView<Scalar> error,
                      Workspace&) const {
    for (Index j = 0; j < error.cols(); ++j) error.col(j) *= weighted(task, j).output * scale(j);
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }

  template <Real Scalar, class OfLevel>
  static void combine(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, const OfLevel& shares_of) {
    for (Index j = 0; j < out.cols(); ++j) {
      const auto shares = shares_of(batch.alpha(j), batch.sigma(j));
      for (Index i = 0; i < out.rows(); ++i)
        out(i, j) = multiply_add(shares.output, out(i, j), shares.sample * batch.x(i, j));
    }
  }

  /// What a column's weighted error consists of. A weight that is the divisor itself leaves the error of the output
  /// alone, also where both are 0.
  template <Real Scalar>
  ErrorShares<Scalar> weighted(const DenoisingTask<Scalar>& task, Index j) const {
    const auto of = self().error_shares(task.noisy.alpha(j), task.noisy.sigma(j));
    const Scalar root = task.root_weight(j), weight = root == of.divisor ? Scalar(1) : root / of.divisor;
    return {weight * of.output, weight * of.noise, weight * of.data, 1};
  }
};

}  // namespace scorefield::detail
