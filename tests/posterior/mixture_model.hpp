/// Gaussian mixtures as models and as posteriors: closed forms to compare with.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/sde/noisy_batch.hpp"
#include "scorefield/sde/variance_preserving.hpp"

namespace scorefield::test {

/// The denoiser of a Gaussian mixture that an equation carries to noise, and its derivative: in closed form.
template <Real S, Sde Equation = VariancePreserving<S>>
class MixtureModel {
 public:
  using Scalar = S;
  struct Workspace {};

  explicit MixtureModel(GaussianMixture<Scalar> data, Equation sde = Equation{})
      : sde_(std::move(sde)), data_(std::move(data)) {}

  const Equation& sde() const { return sde_; }
  const GaussianMixture<Scalar>& data() const { return data_; }
  Index dimension() const { return data_.dimension(); }
  /// No multiple of a register's width, so that chunks end everywhere.
  Index chunk_size() const { return 37; }
  Workspace workspace() const { return {}; }

  void prior(MatrixView<Scalar> z, Workspace&) const { z *= sde_.deviation(1); }

  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace&) const {
    for_each(batch, [&](Index j, const Level&, const Vector<Scalar>& chances, const Matrix<Scalar>& means) {
      out.col(j) = means * chances;
    });
  }
  void denoise_forward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    denoise(batch, out, w);
  }
  /// (alpha / sigma^2) Cov[x(0) | x(t)] v.
  void denoise_backward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> v, MatrixView<Scalar> dx,
                        Workspace&) const {
    for_each(batch, [&](Index j, const Level& level, const Vector<Scalar>& chances, const Matrix<Scalar>& means) {
      const Vector<Scalar> by_out = v.col(j), mean = means * chances;
      Vector<Scalar> sum = Vector<Scalar>::Zero(by_out.size());
      for (Index k = 0; k < chances.size(); ++k) {
        const Vector<Scalar> apart = means.col(k) - mean;
        sum += chances(k) *
               (level.gains[slot(k)] * by_out + level.alpha / (level.sigma * level.sigma) * apart.dot(by_out) * apart);
      }
      dx.col(j) = sum;
    });
  }

 private:
  /// What all columns of one noise level share.
  struct Level {
    Scalar alpha, sigma;
    std::vector<Eigen::LLT<Matrix<Scalar>>> factors;  // of alpha^2 C + sigma^2
    std::vector<Matrix<Scalar>> gains;                // alpha C (alpha^2 C + sigma^2)^-1
  };

  static std::size_t slot(Index k) { return static_cast<std::size_t>(k); }

  Level level(Scalar alpha, Scalar sigma) const {
    Level of{alpha, sigma, {}, {}};
    for (const auto& covariance : data_.covariances()) {
      Matrix<Scalar> noisy = alpha * alpha * covariance;
      noisy.diagonal().array() += sigma * sigma;
      of.factors.emplace_back(noisy);
      of.gains.push_back(of.factors.back().solve(alpha * covariance));
    }
    return of;
  }

  template <class F>
  void for_each(const NoisyBatch<Scalar>& batch, const F& f) const {
    const Index count = data_.components();
    Level at{-1, -1, {}, {}};
    Vector<Scalar> chances(count);
    Matrix<Scalar> means(dimension(), count);
    for (Index j = 0; j < batch.size(); ++j) {
      if (at.alpha != batch.alpha(j) || at.sigma != batch.sigma(j)) at = level(batch.alpha(j), batch.sigma(j));
      for (Index k = 0; k < count; ++k) {
        const Vector<Scalar> apart = batch.x.col(j) - at.alpha * data_.means().col(k);
        const auto& factor = at.factors[slot(k)];
        means.col(k) = data_.means().col(k) + at.gains[slot(k)] * apart;
        chances(k) = std::log(data_.weights()(k)) - factor.matrixL().solve(apart).squaredNorm() / 2 -
                     factor.matrixLLT().diagonal().array().log().sum();
      }
      chances = (chances.array() - chances.maxCoeff()).exp();
      chances /= chances.sum();
      f(j, at, chances, means);
    }
  }

  Equation sde_;
  GaussianMixture<Scalar> data_;
};

/// The posterior of a mixture given y = A x + noise of a deviation above 0: a mixture.
inline GaussianMixture<double> posterior_of(const GaussianMixture<double>& prior, const Matrix<double>& a,
                                            const Vector<double>& y, double deviation) {
  const Index count = prior.components(), d = prior.dimension();
  Vector<double> logs(count);
  Matrix<double> means(d, count);
  std::vector<Matrix<double>> covariances;
  for (Index k = 0; k < count; ++k) {
    const Matrix<double>& c = prior.covariances()[static_cast<std::size_t>(k)];
    Matrix<double> s = a * c * a.transpose();
    s.diagonal().array() += deviation * deviation;
    const Eigen::LLT<Matrix<double>> factor(s);
    const Vector<double> apart = y - a * prior.means().col(k);
    means.col(k) = prior.means().col(k) + c * a.transpose() * factor.solve(apart);
    const Matrix<double> left = c - c * a.transpose() * factor.solve(a * c);
    covariances.push_back((left + left.transpose()) / 2);
    logs(k) = std::log(prior.weights()(k)) - factor.matrixL().solve(apart).squaredNorm() / 2 -
              factor.matrixLLT().diagonal().array().log().sum();
  }
  return {(logs.array() - logs.maxCoeff()).exp().matrix().cwiseMax(1e-300), means, covariances};
}

/// Normal numbers, d x n.
template <Real Scalar>
Matrix<Scalar> normal_numbers(Index d, Index n, const char* purpose) {
  Matrix<Scalar> all(d, n);
  Random(Seed{0}, purpose).normal(view(all), 0, 0);
  return all;
}

/// A mixture with `count` components of covariances of all kinds, whose marginals are about of mean 0 and deviation 1.
inline GaussianMixture<double> some_mixture(Index d, Index count) {
  std::vector<Matrix<double>> covariances;
  for (Index k = 0; k < count; ++k) {
    const Matrix<double> root = normal_numbers<double>(d, d, k % 2 == 0 ? "even root" : "odd root");
    Matrix<double> c = root * root.transpose() / static_cast<double>(count * d);
    c.diagonal().array() += 0.05;
    covariances.push_back(c);
  }
  Matrix<double> means = 1.2 * normal_numbers<double>(d, count, "means");
  if (count == 1) means *= 0.3;
  return {Vector<double>::LinSpaced(count, 1, 2), means, covariances};
}

}  // namespace scorefield::test
