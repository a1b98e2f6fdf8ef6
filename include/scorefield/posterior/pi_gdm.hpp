/// Pseudoinverse-guided diffusion models (PiGDM): samples given a linear measurement.
#pragma once

#include <utility>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/posterior/detail/gaussian_likelihood.hpp"
#include "scorefield/posterior/detail/posterior_denoiser.hpp"
#include "scorefield/posterior/linear_measurement.hpp"

namespace scorefield {

struct PiGdmOptions {
  Index iterations = 50;           // of conjugate residuals, from 1 on: products with the operator alone
  double derivative_error = 0.03;  // of the model's dD/dx, finite and >= 0; 0 where D is exact
};

namespace detail {

/// Cov[x(0) | x(t)], were the data standard normal in the model's units.
struct StandardNormalCovariance {
  void operator()(const auto& denoised, auto v) const {
    denoised.units.rescale(v);
    denoised.units.rescale(v);
    for (Index j = 0; j < v.cols(); ++j) {
      const auto alpha = denoised.batch.alpha(j), sigma = denoised.batch.sigma(j);
      const auto variance = sigma * sigma / multiply_add(alpha, alpha, sigma * sigma);
      for (Index i = 0; i < v.rows(); ++i) v(i, j) *= variance;
    }
  }
};

}  // namespace detail

/// D + V A^T (Sigma_y + r^2 A A^T)^-1 (y - A D), with V = (sigma^2 / alpha) dD/dx and r^2 = sigma^2 / (alpha^2 +
/// sigma^2), the variance that x(0) has given x(t) where the data are standard normal, as a model with Units sees them.
/// For those it is exact; of others it takes directions in which they hardly vary for as uncertain as all. One
/// evaluation costs that of the model and one backward pass, a third of MomentMatching's; V is as there. Refers to the
/// model. Song et al. 2023, "Pseudoinverse-guided diffusion models for inverse problems", equation 7.
template <class Model>
class PiGdm : public detail::PosteriorDenoiser<
                  Model, detail::GaussianLikelihood<typename Model::Scalar, detail::StandardNormalCovariance>> {
  using Likelihood = detail::GaussianLikelihood<typename Model::Scalar, detail::StandardNormalCovariance>;

 public:
  using Scalar = typename Model::Scalar;

  /// Throws InvalidArgument for a measurement of samples of another size, options out of range, and a model with units
  /// that are no straight map.
  PiGdm(const Model& model, LinearMeasurement<Scalar> measurement, const PiGdmOptions& options = {})
      : detail::PosteriorDenoiser<Model, Likelihood>(
            "PiGdm", model, {"PiGdm", std::move(measurement), model.dimension(), options.iterations},
            options.derivative_error) {}
  PiGdm(const Model&&, LinearMeasurement<Scalar>, const PiGdmOptions& = {}) = delete;
};

}  // namespace scorefield
