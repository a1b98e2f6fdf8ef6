/// The Gaussian likelihood of a linear measurement, where x0 is taken for normal around the denoised sample.
#pragma once

#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/posterior/detail/conjugate_residual.hpp"
#include "scorefield/posterior/linear_measurement.hpp"

namespace scorefield::detail {

/// The gradient A^T (Sigma_y + A C A^T)^-1 (y - A D) of log N(y; A D, Sigma_y + A C A^T) by D, C being an estimate of
/// Cov[x(0) | x(t)]: Covariance{}(denoised, v) makes of v (d x n) its product with it.
template <Real Scalar, class Covariance>
class GaussianLikelihood {
 public:
  using Room = ConjugateResidual<Scalar>;

  /// Throws InvalidArgument, in the name of an operation, for measurements of samples of other than d numbers, and
  /// fewer iterations than one.
  GaussianLikelihood(const char* operation, LinearMeasurement<Scalar> measurement, Index d, Index iterations)
      : measurement_(std::move(measurement)), iterations_(iterations) {
    check_measured(operation, measurement_, d);
    if (iterations < 1) throw InvalidArgument(operation, "one iteration or more", text(iterations), "see its options");
  }

  Room room(Index chunk_size) const { return {measurement_.size(), chunk_size}; }

  template <class Denoised>
  void gradient(const Denoised& denoised, MatrixView<Scalar> out, Room& room) const {
    const Index n = out.cols();
    measurement_.residual(denoised.x0, room.right_hand_side(n));
    const auto solution = room.solve(n, iterations_, [&](ConstMatrixView<Scalar> p, MatrixView<Scalar> image) {
      measurement_.transpose(p, out);
      Covariance{}(denoised, out);
      measurement_.apply({out.data(), out.rows(), n}, image);
      measurement_.add_noise(p, image);
    });
    measurement_.transpose(solution, out);
  }

 private:
  LinearMeasurement<Scalar> measurement_;
  Index iterations_;
};

}  // namespace scorefield::detail
