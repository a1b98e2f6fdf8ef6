/// A Gaussian mixture: the data whose score is known exactly, at every noise level.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/detail/checks.hpp"

namespace scorefield {

/// p(x) = sum_k weights[k] N(x; means[k], covariances[k]) over x of d numbers.
template <Real Scalar>
class GaussianMixture {
 public:
  /// weights: k positive numbers, divided by their sum; means: d x k; covariances: k matrices d x d, symmetric positive
  /// definite. Throws InvalidArgument when shapes disagree, a weight is not positive, a mean not finite, or a
  /// covariance not symmetric positive definite; it names the component.
  GaussianMixture(Vector<Scalar> weights, Matrix<Scalar> means, std::vector<Matrix<Scalar>> covariances)
      : weights_(std::move(weights)), means_(std::move(means)), covariances_(std::move(covariances)) {
    check_shapes();
    check_values();
    weights_ /= weights_.sum();
    factor();
  }

  Index dimension() const { return means_.rows(); }
  Index components() const { return means_.cols(); }

  /// k numbers with sum 1.
  const Vector<Scalar>& weights() const { return weights_; }
  /// d x k.
  const Matrix<Scalar>& means() const { return means_; }
  /// k matrices d x d.
  const std::vector<Matrix<Scalar>>& covariances() const { return covariances_; }

  /// The mean of the whole mixture, d numbers.
  Vector<Scalar> mean() const { return means_ * weights_; }

  /// The covariance of the whole mixture, d x d: that within the components and that of their means.
  SCOREFIELD_ONE_COPY Matrix<Scalar> covariance() const {
    const Matrix<Scalar> offsets = means_.colwise() - mean();
    Matrix<Scalar> whole = offsets * weights_.asDiagonal() * offsets.transpose();
    for (Index k = 0; k < components(); ++k) whole += weights_(k) * covariances_[slot(k)];
    return whole;
  }

  /// d x `points`. Column j depends on the mixture, the seed and j alone. Throws InvalidArgument for a negative number.
  SCOREFIELD_ONE_COPY Matrix<Scalar> sample(Index points, Seed seed) const {
    detail::check_points("GaussianMixture::sample", dimension(), points);
    const Random random(seed, "Gaussian mixture");
    Matrix<Scalar> choice(1, points), x(dimension(), points);
    random.uniform(view(choice), 0, 0);
    random.normal(view(x), 0, 1);
    for (Index j = 0; j < points; ++j) {
      const Index k = component(choice(j));
      const auto& lower = factors_[slot(k)];
      // x <- lower x in place: row i needs only the rows up to i, so from the last row up.
      for (Index i = dimension() - 1; i >= 0; --i) x(i, j) = lower.row(i).head(i + 1).dot(x.col(j).head(i + 1));
      x.col(j) += means_.col(k);
    }
    return x;
  }

  /// log p of each column of x (d x n): n numbers. Throws InvalidArgument when x has not d rows.
  SCOREFIELD_ONE_COPY Vector<Scalar> log_density(const Matrix<Scalar>& x) const {
    check_rows("GaussianMixture::log_density", x.rows());
    Terms terms(*this);
    Vector<Scalar> values(x.cols());
    for (Index j = 0; j < x.cols(); ++j) values(j) = terms.evaluate(x.col(j));
    return values;
  }

  /// grad_x log p at each column of x (d x n): d x n. Throws InvalidArgument when x has not d rows.
  Matrix<Scalar> score(const Matrix<Scalar>& x) const {
    Matrix<Scalar> gradient(x.rows(), x.cols());
    score(view(x), view(gradient));
    return gradient;
  }

  /// The same into memory of the caller, d x n like x; it may be that of x.
  SCOREFIELD_ONE_COPY void score(ConstMatrixView<Scalar> x, MatrixView<Scalar> out) const {
    check_rows("GaussianMixture::score", x.rows());
    if (out.rows() != x.rows() || out.cols() != x.cols())
      throw InvalidArgument("GaussianMixture::score", text("room for ", x.rows(), " x ", x.cols(), " numbers"),
                            text(out.rows(), " x ", out.cols()), "pass an output of the shape of x");
    Terms terms(*this);
    for (Index j = 0; j < x.cols(); ++j) {
      const Scalar log_density = terms.evaluate(x.col(j));
      out.col(j).setZero();
      for (Index k = 0; k < components(); ++k) {
        // The gradient of component k is -covariance^-1 (x - mean), and counts by the chance that x came from k.
        auto gradient = terms.whitened.col(k);
        factors_[slot(k)].transpose().template triangularView<Eigen::Upper>().solveInPlace(gradient);
        out.col(j) -= std::exp(terms.logs(k) - log_density) * gradient;
      }
    }
  }

  /// The distribution of signal * x + deviation * z for x of this one and z standard normal: what a diffusion process
  /// makes of this data. Throws InvalidArgument when signal is not finite, deviation is negative or not finite, or
  /// both are 0, which leaves no density.
  SCOREFIELD_ONE_COPY GaussianMixture evolved(Scalar signal, Scalar deviation) const {
    if (!std::isfinite(signal) || !std::isfinite(deviation) || deviation < 0 || (signal == 0 && deviation == 0))
      throw InvalidArgument("GaussianMixture::evolved", "a finite signal and a deviation from 0 on, not both 0",
                            text("signal ", signal, ", deviation ", deviation),
                            "pass the coefficients of x and of the noise");
    auto covariances = covariances_;
    for (auto& covariance : covariances) {
      covariance *= signal * signal;
      covariance.diagonal().array() += deviation * deviation;
    }
    return {weights_, signal * means_, std::move(covariances)};
  }

 private:
  /// The components at one point, in memory that is allocated once for many points.
  struct Terms {
    explicit Terms(const GaussianMixture& of)
        : mixture(of), logs(of.components()), whitened(of.dimension(), of.components()) {}

    /// log p(x), by log-sum-exp.
    template <class Point>
    Scalar evaluate(const Point& x) {
      for (Index k = 0; k < mixture.components(); ++k) {
        whitened.col(k) = x - mixture.means_.col(k);
        auto column = whitened.col(k);
        mixture.factors_[slot(k)].template triangularView<Eigen::Lower>().solveInPlace(column);
        logs(k) = mixture.log_scales_(k) - column.squaredNorm() / 2;
      }
      const Scalar largest = logs.maxCoeff();
      return largest + std::log((logs.array() - largest).exp().sum());
    }

    const GaussianMixture& mixture;
    Vector<Scalar> logs;      ///< log(weight N(x; mean, covariance)), k
    Matrix<Scalar> whitened;  ///< factor^-1 (x - mean), d x k
  };

  static std::size_t slot(Index k) { return static_cast<std::size_t>(k); }

  Index component(Scalar uniform) const {
    Index k = 0;
    for (Scalar below = weights_(0); uniform > below && k + 1 < components();) below += weights_(++k);
    return k;
  }

  void check_shapes() const {
    const Index d = dimension(), k = components();
    if (d == 0 || k == 0)
      throw InvalidArgument("GaussianMixture", "at least one component of at least one dimension",
                            text("means of shape ", d, " x ", k), "pass the means as the columns of a d x k matrix");
    if (weights_.size() != k || covariances_.size() != slot(k))
      throw InvalidArgument("GaussianMixture", text(k, " weights and covariances, one for each column of the means"),
                            text(weights_.size(), " weights and ", covariances_.size(), " covariances"),
                            "pass as many of each as there are components");
    for (Index i = 0; i < k; ++i)
      if (const auto& c = covariances_[slot(i)]; c.rows() != d || c.cols() != d)
        throw InvalidArgument("GaussianMixture", text("a covariance of ", d, " x ", d, " for component ", i),
                              text(c.rows(), " x ", c.cols()), "the means have as many rows");
  }

  void check_values() const {
    for (Index k = 0; k < components(); ++k) {
      if (!std::isfinite(weights_(k)) || weights_(k) <= 0)
        throw InvalidArgument("GaussianMixture", text("a positive weight for component ", k), text(weights_(k)),
                              "leave out components that do not occur");
      if (!means_.col(k).allFinite())
        throw InvalidArgument("GaussianMixture", text("a finite mean for component ", k), "a NaN or an infinity",
                              "check where the means come from");
    }
  }

  SCOREFIELD_ONE_COPY void factor() {
    log_scales_.resize(components());
    for (Index k = 0; k < components(); ++k) {
      const auto& covariance = covariances_[slot(k)];
      const Eigen::LLT<Matrix<Scalar>> cholesky(covariance);
      if (!covariance.allFinite() || !covariance.isApprox(covariance.transpose()) || cholesky.info() != Eigen::Success)
        throw InvalidArgument("GaussianMixture", text("a symmetric positive definite covariance for component ", k),
                              "a matrix that is not", "check its symmetry, and that no variance is 0 or negative");
      factors_.push_back(cholesky.matrixL());
      log_scales_(k) = std::log(weights_(k)) - factors_.back().diagonal().array().log().sum() -
                       static_cast<Scalar>(dimension()) * std::log(2 * std::numbers::pi_v<Scalar>) / 2;
    }
  }

  void check_rows(const char* operation, Index rows) const {
    if (rows != dimension())
      throw InvalidArgument(operation, text("points of ", dimension(), " rows"), text(rows, " rows"),
                            "a column is a point");
  }

  Vector<Scalar> weights_;
  Matrix<Scalar> means_;
  std::vector<Matrix<Scalar>> covariances_;
  std::vector<Matrix<Scalar>> factors_;  ///< lower triangular, factor factor^T = covariance
  Vector<Scalar> log_scales_;            ///< log(weight / sqrt(det(2 pi covariance)))
};

}  // namespace scorefield
