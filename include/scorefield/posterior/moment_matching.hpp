/// Moment matching posterior sampling (MMPS): samples given a linear measurement, by products with the derivative of D.
#pragma once

#include <utility>

#include "scorefield/core/types.hpp"
#include "scorefield/posterior/detail/gaussian_likelihood.hpp"
#include "scorefield/posterior/detail/posterior_denoiser.hpp"
#include "scorefield/posterior/linear_measurement.hpp"

namespace scorefield {

struct MomentMatchingOptions {
  Index iterations = 5;            // of conjugate residuals, from 1 on: each is a backward pass
  double derivative_error = 0.03;  // of the model's dD/dx, finite and >= 0; 0 where D is exact
};

namespace detail {

/// Cov[x(0) | x(t)] as the model has it.
struct TweedieCovariance {
  void operator()(const auto& denoised, auto v) const { denoised.covariance(v); }
};

}  // namespace detail

/// D + V A^T (Sigma_y + A V A^T)^-1 (y - A D), with V = (sigma^2 / alpha) dD/dx, which is Cov[x(0) | x(t)]: the
/// denoised sample given y too, were x(0) normal given x(t). Any sampler draws from it: sample(matched, ...) of a
/// MomentMatching matched{model, measurement}. It is exact for normal data, a derivative_error of 0 and as many
/// iterations as y has numbers; the more precise y is, the more iterations pay. Where data fall into groups far apart,
/// the groups' shares are not those of the posterior. Where little signal is left, V goes over to the covariance for
/// standard normal data of the model's units, by the derivative_error. One evaluation costs that of the model, a
/// backward pass for each iteration, and one more. Refers to the model. Rozet et al. 2024, arXiv:2405.13712,
/// section 4.2, by conjugate residuals in place of conjugate gradients, which the derivatives of networks, not quite
/// symmetric, lead astray.
template <class Model>
class MomentMatching
    : public detail::PosteriorDenoiser<Model,
                                       detail::GaussianLikelihood<typename Model::Scalar, detail::TweedieCovariance>> {
  using Likelihood = detail::GaussianLikelihood<typename Model::Scalar, detail::TweedieCovariance>;

 public:
  using Scalar = typename Model::Scalar;

  /// Throws InvalidArgument for a measurement of samples of another size, options out of range, and a model with units
  /// that are no straight map.
  MomentMatching(const Model& model, LinearMeasurement<Scalar> measurement, const MomentMatchingOptions& options = {})
      : detail::PosteriorDenoiser<Model, Likelihood>(
            "MomentMatching", model, {"MomentMatching", std::move(measurement), model.dimension(), options.iterations},
            options.derivative_error) {}
  MomentMatching(const Model&&, LinearMeasurement<Scalar>, const MomentMatchingOptions& = {}) = delete;
};

}  // namespace scorefield
