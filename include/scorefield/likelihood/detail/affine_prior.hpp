/// The prior of a model as the normal distribution that it is: its inverse and its log density.
#pragma once

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"

namespace scorefield::detail {

/// What prior(z) of a model does to standard normals, x = A z + m: found by asking it for 0 and the unit vectors, and
/// factored once, in double. Where A is diagonal, as it mostly is, only its diagonal is kept.
class AffinePrior {
 public:
  /// Throws InvalidArgument unless A can be inverted.
  template <Denoiser Model>
  AffinePrior(const char* operation, const Model& model) : mean_(model.dimension()) {
    using Scalar = typename Model::Scalar;
    const Index d = model.dimension();
    auto workspace = model.workspace();
    Matrix<Scalar> z = Matrix<Scalar>::Zero(d, model.chunk_size());
    model.prior(columns(z, 0, 1), workspace);
    mean_ = z.col(0).template cast<double>();
    Matrix<double> a(d, d);
    const Chunks chunks{d, model.chunk_size()};
    for (Index i = 0; i < chunks.pieces(); ++i) {
      const Index first = chunks.first(i), n = chunks.length(i);
      auto unit = columns(z, 0, n);
      unit.setZero();
      for (Index j = 0; j < n; ++j) unit(first + j, j) = 1;
      model.prior(unit, workspace);
      columns(a, first, n) = unit.template cast<double>().colwise() - mean_;
    }
    factor(a);
    if (!std::isfinite(log_scale_))
      throw InvalidArgument(operation, "a prior that has a density", "one whose matrix cannot be inverted",
                            "look at the model's prior(z), which turns standard normals into samples at t = 1");
  }

  /// The z (d) of which the prior makes x (d).
  SCOREFIELD_ONE_COPY Vector<double> inverse(const Vector<double>& x) const {
    if (diagonal_.size() > 0) return (x - mean_).cwiseQuotient(diagonal_);
    return factors_.solve(x - mean_);
  }

  /// The log density of the x of which z (d) is the inverse: log N(z; 0, I) - log |det A|.
  double log_density(const Vector<double>& z) const {
    const double each = std::log(2 * std::numbers::pi) / 2;
    double sum = -log_scale_;
    for (const double number : z) sum -= multiply_add(number / 2, number, each);
    return sum;
  }

  /// log |det A|
  double log_scale() const { return log_scale_; }

  /// The trace of (A A^T)^-1.
  SCOREFIELD_ONE_COPY double precision() const {
    if (diagonal_.size() > 0) return diagonal_.cwiseInverse().squaredNorm();
    return factors_.inverse().squaredNorm();
  }

 private:
  SCOREFIELD_ONE_COPY void factor(const Matrix<double>& a) {
    if (a.isDiagonal(0)) {
      diagonal_ = a.diagonal();
      log_scale_ = diagonal_.array().abs().log().sum();
    } else {
      factors_.compute(a);
      log_scale_ = factors_.matrixLU().diagonal().array().abs().log().sum();
    }
  }

  Vector<double> mean_, diagonal_;  // no diagonal where A is not diagonal
  Eigen::PartialPivLU<Matrix<double>> factors_;
  double log_scale_ = 0;
};

}  // namespace scorefield::detail
