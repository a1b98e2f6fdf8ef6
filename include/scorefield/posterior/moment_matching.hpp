/// Moment matching posterior sampling (MMPS): samples given a linear measurement, by conjugate gradients.
#pragma once

#include <utility>

#include "scorefield/core/types.hpp"
#include "scorefield/posterior/detail/gaussian_likelihood.hpp"
#include "scorefield/posterior/detail/posterior_denoiser.hpp"
#include "scorefield/posterior/linear_measurement.hpp"

namespace scorefield {

struct MomentMatchingOptions {
  Index iterations = 5;  // of conjugate gradients, from 1 on: each is a product with the derivative of the model
};

namespace detail {

/// Cov[x(0) | x(t)] as the model has it.
struct TweedieCovariance {
  void operator()(const auto& denoised, auto v) const { denoised.tweedie(v); }
};

}  // namespace detail

/// D + V A^T (Sigma_y + A V A^T)^-1 (y - A D), with V = (sigma^2 / alpha) dD/dx, which is Cov[x(0) | x(t)]: the
/// denoised sample given y too, were x(0) normal given x(t). Any sampler draws from it: sample(MomentMatching{model,
/// measurement}, ...), the model and the wrapper having names. For normal data and as many iterations as there are
/// numbers in y it is exact; a measurement that is much more precise than the model needs more iterations than a vague
/// one. Where no signal is left (rectified flow at t = 1), it is D. One evaluation costs that of the model, and a
/// backward pass for each iteration and for the result. Refers to the model. Rozet et al. 2024, arXiv:2405.13712,
/// section 4.2.
template <class Model>
class MomentMatching
    : public detail::PosteriorDenoiser<Model,
                                       detail::GaussianLikelihood<typename Model::Scalar, detail::TweedieCovariance>> {
  using Likelihood = detail::GaussianLikelihood<typename Model::Scalar, detail::TweedieCovariance>;

 public:
  using Scalar = typename Model::Scalar;

  /// Throws InvalidArgument for a measurement of samples of another size, fewer iterations than one, and a model with
  /// units that are no straight map.
  MomentMatching(const Model& model, LinearMeasurement<Scalar> measurement, const MomentMatchingOptions& options = {})
      : detail::PosteriorDenoiser<Model, Likelihood>(
            "MomentMatching", model,
            {"MomentMatching", std::move(measurement), model.dimension(), options.iterations}) {}
  MomentMatching(const Model&&, LinearMeasurement<Scalar>, const MomentMatchingOptions& = {}) = delete;
};

}  // namespace scorefield
