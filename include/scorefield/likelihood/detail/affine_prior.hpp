/// The prior of a model as the normal distribution that it is: its inverse and its log density.
#pragma once

#include <Eigen/LU>
#include <cmath>
#include <numbers>
#include <utility>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"

namespace scorefield::detail {

/// What prior(z) of a model does to standard normals, x = A z + m: found by asking it for 0 and the unit vectors, and
/// factored once, in double. Where A is diagonal, as it mostly is, there is no matrix of d x d numbers. A template, so
/// that who inverts none compiles none.
template <Real Scalar>
class AffinePrior {
 public:
  /// Throws InvalidArgument unless A can be inverted.
  template <Denoiser Model>
  AffinePrior(const char* operation, const Model& model) : mean_(model.dimension()), diagonal_(model.dimension()) {
    const Index d = model.dimension();
    auto workspace = model.workspace();
    Matrix<Scalar> z(d, model.chunk_size());
    z.setZero();
    model.prior(columns(z, 0, 1), workspace);
    mean_ = z.col(0).template cast<double>();
    // use(i, column i of A) for each, by as many unit vectors at a time as the model takes.
    const auto for_each_column = [&](const auto& use) {
      const Chunks chunks{d, model.chunk_size()};
      for (Index piece = 0; piece < chunks.pieces(); ++piece) {
        const Index first = chunks.first(piece), n = chunks.length(piece);
        auto unit = columns(z, 0, n);
        unit.setZero();
        for (Index j = 0; j < n; ++j) unit(first + j, j) = 1;
        model.prior(unit, workspace);
        for (Index j = 0; j < n; ++j) use(first + j, (unit.col(j).template cast<double>() - mean_).eval());
      }
    };
    bool is_diagonal = true;
    for_each_column([&](Index i, Vector<double> column) {
      diagonal_(i) = std::exchange(column(i), 0.0);
      is_diagonal = is_diagonal && column.isZero(0);
    });
    if (!is_diagonal) {
      diagonal_.resize(0);
      Matrix<double> a(d, d);
      for_each_column([&](Index i, const Vector<double>& column) { a.col(i) = column; });
      factor(a);
    }
    find_log_scale();
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
  SCOREFIELD_ONE_COPY void factor(const Matrix<double>& a) { factors_.compute(a); }

  void find_log_scale() {
    const Vector<double> scales = diagonal_.size() > 0 ? diagonal_ : factors_.matrixLU().diagonal().eval();
    for (const double scale : scales) log_scale_ += std::log(std::abs(scale));
  }

  Vector<double> mean_, diagonal_;  // no diagonal where A is not diagonal
  Eigen::PartialPivLU<Matrix<double>> factors_;
  double log_scale_ = 0;
};

}  // namespace scorefield::detail
