/// Diffusion posterior sampling (DPS): samples given a linear measurement.
#pragma once

#include <cmath>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/posterior/detail/posterior_denoiser.hpp"
#include "scorefield/posterior/linear_measurement.hpp"

namespace scorefield {

struct DpsOptions {
  double zeta = 1;                 // the strength, finite and >= 0
  double derivative_error = 0.03;  // of the model's dD/dx, finite and >= 0; 0 where D is exact
};

namespace detail {

/// The gradient zeta A^T (y - A D) / |y - A D| of -zeta |y - A D|.
template <Real Scalar>
class MisfitLikelihood {
 public:
  using Room = Matrix<Scalar>;  // m x chunk_size: y - A D

  /// Throws InvalidArgument for measurements of samples of other than d numbers, and a zeta that is no strength.
  MisfitLikelihood(LinearMeasurement<Scalar> measurement, Index d, double zeta)
      : measurement_(std::move(measurement)), zeta_(static_cast<Scalar>(zeta)) {
    check_measured("Dps", measurement_, d);
    if (!(zeta >= 0 && std::isfinite(zeta)))
      throw InvalidArgument("Dps", "a finite zeta >= 0", text(zeta), "0.3 to 3 are usual");
  }

  Room room(Index chunk_size) const { return Room(measurement_.size(), chunk_size); }

  template <class Denoised>
  void gradient(const Denoised& denoised, MatrixView<Scalar> out, Room& room) const {
    auto residual = columns(room, 0, out.cols());
    measurement_.residual(denoised.x0, residual);
    for (Index j = 0; j < residual.cols(); ++j) {
      const auto square = [](const auto& r) { return multiply(r, r); };
      const Scalar norm =
          std::sqrt(sum_of(residual.rows(), square, static_cast<const Scalar*>(residual.col(j).data())));
      const Scalar factor = norm > 0 ? zeta_ / norm : Scalar(0);
      for (Index i = 0; i < residual.rows(); ++i) residual(i, j) *= factor;
    }
    measurement_.transpose({residual.data(), residual.rows(), residual.cols()}, out);
  }

 private:
  LinearMeasurement<Scalar> measurement_;
  Scalar zeta_;
};

}  // namespace detail

/// D + zeta V A^T (y - A D) / |y - A D|, with V = (sigma^2 / alpha) dD/dx as in MomentMatching: the gradient by x of
/// the misfit -zeta |y - A D|, which has a bound and does not know the measurement's noise. zeta is to be tuned, from
/// 0.3 up to sqrt(m) over the noise's deviation, and draws are like y, not of the posterior: take MomentMatching where
/// some backward passes more are not too many. One evaluation costs that of the model and one backward pass. Refers to
/// the model. Chung et al. 2023, arXiv:2209.14687, algorithm 1 and its zeta', as a denoised sample in place of a move
/// after each step, so that any sampler can take it; with the likelihood itself it is a LikelihoodGuided.
template <class Model>
class Dps : public detail::PosteriorDenoiser<Model, detail::MisfitLikelihood<typename Model::Scalar>> {
  using Likelihood = detail::MisfitLikelihood<typename Model::Scalar>;

 public:
  using Scalar = typename Model::Scalar;

  /// Throws InvalidArgument for a measurement of samples of another size, options out of range, and a
  /// model with units that are no straight map.
  Dps(const Model& model, LinearMeasurement<Scalar> measurement, const DpsOptions& options = {})
      : detail::PosteriorDenoiser<Model, Likelihood>(
            "Dps", model, {std::move(measurement), model.dimension(), options.zeta}, options.derivative_error) {}
  Dps(const Model&&, LinearMeasurement<Scalar>, const DpsOptions& = {}) = delete;
};

}  // namespace scorefield
