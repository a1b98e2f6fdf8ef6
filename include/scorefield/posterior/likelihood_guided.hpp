/// Posterior samples by a likelihood of one's own, of which the gradient is known.
#pragma once

#include <concepts>
#include <utility>

#include "scorefield/core/types.hpp"
#include "scorefield/posterior/detail/posterior_denoiser.hpp"

namespace scorefield {

struct LikelihoodGuidedOptions {
  double derivative_error = 0.03;  // of the model's dD/dx, finite and >= 0; 0 where D is exact
};

namespace detail {

/// A user's function.
template <Real Scalar, class Gradient>
struct OwnLikelihood {
  struct Room {};
  Gradient by_x0;

  Room room(Index) const { return {}; }
  template <class Denoised>
  void gradient(const Denoised& denoised, MatrixView<Scalar> out, Room&) const {
    by_x0(denoised.x0, out);
  }
};

}  // namespace detail

/// D + V g, with V = (sigma^2 / alpha) dD/dx as in MomentMatching, and g the gradient by x0, at D, of a log-likelihood
/// log p(y | x0): what is known of x0 need not be linear, nor normal. The function g(x0, gradient) reads samples and
/// writes gradients, both d x n, in the data's units; it is called by several threads at a time, should allocate
/// nothing, and a column of what it writes should depend on the same column of x0 alone. It takes D for the truth, and
/// so pulls too hard where there is much noise: bound the gradient. One evaluation costs that of the model and one
/// backward pass. Refers to the model. Chung et al. 2023, arXiv:2209.14687, section 3.
template <class Model, class Gradient>
class LikelihoodGuided
    : public detail::PosteriorDenoiser<Model, detail::OwnLikelihood<typename Model::Scalar, Gradient>> {
  static_assert(
      std::invocable<const Gradient&, ConstMatrixView<typename Model::Scalar>, MatrixView<typename Model::Scalar>>,
      "LikelihoodGuided: the second argument is a function of samples and of where their gradients are "
      "written, a ConstMatrixView and a MatrixView of the model's scalar");

 public:
  /// Throws InvalidArgument for options out of range, and a model with units that are no straight map.
  LikelihoodGuided(const Model& model, Gradient gradient, const LikelihoodGuidedOptions& options = {})
      : detail::PosteriorDenoiser<Model, detail::OwnLikelihood<typename Model::Scalar, Gradient>>(
            "LikelihoodGuided", model, {std::move(gradient)}, options.derivative_error) {}
  LikelihoodGuided(const Model&&, Gradient, const LikelihoodGuidedOptions& = {}) = delete;
};

}  // namespace scorefield
