/// A mixture of normals with diagonal covariances, whose denoiser can be asked back to its input.
#pragma once

#include <Eigen/Cholesky>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "scorefield/core/types.hpp"
#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::test {

/// Weights (k), means and variances (d x k).
struct DiagonalMixture {
  Vector<double> weights;
  Matrix<double> means, variances;

  GaussianMixture<double> distribution() const {
    std::vector<Matrix<double>> covariances;
    for (Index k = 0; k < means.cols(); ++k) covariances.push_back(variances.col(k).asDiagonal());
    return {weights, means, covariances};
  }
};

/// Two components in d dimensions, apart by about 2.5 deviations and of variances from 0.2 to 0.7.
inline DiagonalMixture two_components(Index d) {
  DiagonalMixture of{Vector<double>{{0.4, 0.6}}, Matrix<double>(d, 2), Matrix<double>(d, 2)};
  for (Index i = 0; i < d; ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(d), apart = 2 / std::sqrt(static_cast<double>(d));
    of.means.row(i) << apart * (0.5 + 0.3 * place), -apart * (0.6 - 0.4 * place);
    of.variances.row(i) << 0.2 + 0.3 * place, 0.7 - 0.4 * place;
  }
  return of;
}

/// N(mean, variance I) of d numbers.
inline DiagonalMixture one_component(Index d, double mean, double variance) {
  return {Vector<double>{{1}}, Matrix<double>::Constant(d, 1, mean), Matrix<double>::Constant(d, 1, variance)};
}

/// Its denoised samples by the formula, computed in double; the prior has the mean and the covariance of the marginal
/// at t = 1.
template <Sde Equation>
class MixtureDenoiser {
 public:
  using Scalar = typename Equation::Scalar;
  struct Workspace {};

  explicit MixtureDenoiser(DiagonalMixture data, Equation sde = Equation{})
      : sde_(std::move(sde)), data_(std::move(data)) {
    const auto whole = data_.distribution();
    const double alpha = sde_.signal(Scalar(1)), sigma = sde_.deviation(Scalar(1));
    Matrix<double> covariance = alpha * alpha * whole.covariance();
    covariance.diagonal().array() += sigma * sigma;
    prior_mean_ = alpha * whole.mean();
    prior_factor_ = covariance.llt().matrixL();
  }

  const Equation& sde() const { return sde_; }
  const DiagonalMixture& data() const { return data_; }
  Index dimension() const { return data_.means.rows(); }
  /// No multiple of a register's width, so that chunks end everywhere.
  Index chunk_size() const { return 37; }
  Workspace workspace() const { return {}; }
  void prior(MatrixView<Scalar> z, Workspace&) const {
    z = ((prior_factor_ * z.template cast<double>()).colwise() + prior_mean_).template cast<Scalar>();
  }

  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace&) const {
    for (Index j = 0; j < batch.size(); ++j) {
      const Components at(data_, batch, j);
      for (Index i = 0; i < out.rows(); ++i) out(i, j) = static_cast<Scalar>(at.denoised(i));
    }
  }
  void denoise_forward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    denoise(batch, out, w);
  }
  /// D = sum_k w_k m_k, of which w_k has the derivative w_k (s_k - s) by x, with s the scores.
  void denoise_backward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> by_out, MatrixView<Scalar> by_x,
                        Workspace&) const {
    for (Index j = 0; j < batch.size(); ++j) {
      const Components at(data_, batch, j);
      std::array<double, 2> along{};
      for (Index k = 0; k < at.count; ++k)
        for (Index i = 0; i < by_x.rows(); ++i)
          along[slot(k)] += (at.mean(i, k) - at.denoised(i)) * static_cast<double>(by_out(i, j));
      for (Index i = 0; i < by_x.rows(); ++i) {
        double sum = 0;
        for (Index k = 0; k < at.count; ++k)
          sum += at.weights[slot(k)] *
                 (at.share(i, k) * static_cast<double>(by_out(i, j)) - along[slot(k)] * at.residual(i, k));
        by_x(i, j) = static_cast<Scalar>(sum);
      }
    }
  }

 private:
  static std::size_t slot(Index k) { return static_cast<std::size_t>(k); }

  /// What a noisy sample tells of each component.
  struct Components {
    Components(const DiagonalMixture& of, const NoisyBatch<Scalar>& batch, Index column)
        : data(of),
          x(batch.x.col(column).data()),
          count(of.means.cols()),
          alpha(batch.alpha(column)),
          noise(static_cast<double>(batch.sigma(column)) * static_cast<double>(batch.sigma(column))) {
      std::array<double, 2> logs{};
      double largest = -1e300, total = 0;
      for (Index k = 0; k < count; ++k) {
        double& log = logs[slot(k)] = std::log(data.weights(k));
        for (Index i = 0; i < data.means.rows(); ++i)
          log -= (residual(i, k) * residual(i, k) * variance(i, k) + std::log(variance(i, k))) / 2;
        largest = std::max(largest, log);
      }
      for (Index k = 0; k < count; ++k) total += weights[slot(k)] = std::exp(logs[slot(k)] - largest);
      for (Index k = 0; k < count; ++k) weights[slot(k)] /= total;
    }

    double variance(Index i, Index k) const { return alpha * alpha * data.variances(i, k) + noise; }
    /// Minus the score.
    double residual(Index i, Index k) const {
      return (static_cast<double>(x[i]) - alpha * data.means(i, k)) / variance(i, k);
    }
    double share(Index i, Index k) const { return alpha * data.variances(i, k) / variance(i, k); }
    double mean(Index i, Index k) const { return data.means(i, k) + alpha * data.variances(i, k) * residual(i, k); }
    double denoised(Index i) const {
      double sum = 0;
      for (Index k = 0; k < count; ++k) sum += weights[slot(k)] * mean(i, k);
      return sum;
    }

    const DiagonalMixture& data;
    const Scalar* x;
    Index count;
    double alpha, noise;
    std::array<double, 2> weights{};
  };

  Equation sde_;
  DiagonalMixture data_;
  Vector<double> prior_mean_;
  Matrix<double> prior_factor_;
};

}  // namespace scorefield::test
