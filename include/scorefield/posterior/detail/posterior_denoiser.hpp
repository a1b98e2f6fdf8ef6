/// The denoiser of a posterior: a model's denoised sample, moved by the gradient of a log-likelihood.
#pragma once

#include <utility>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/posterior/detail/straight_units.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::detail {

/// What a likelihood is told: the denoised samples, and what is known of how far they may be from the truth.
template <Real Scalar, class Tweedie>
struct Denoised {
  const NoisyBatch<Scalar>& batch;
  ConstMatrixView<Scalar> x0;  // d x n, in the data's units
  const StraightUnits<Scalar>& units;
  Tweedie tweedie;  // of v (d x n): makes of it the product with Cov[x(0) | x(t)], both in the data's units
};

/// D + (sigma^2 / alpha) (dD/dx)^T g, g being the gradient by x0 at D of a log-likelihood log p(y | x0): by Bayes' rule
/// and Tweedie's formula E[x(0) | x(t), y], as far as grad log p(y | x(t)) is (dD/dx)^T g. Where no signal is left, it
/// is D. (sigma^2 / alpha) dD/dx is Cov[x(0) | x(t)], by Tweedie's second-order formula; so g may ask for products with
/// it. A likelihood has:
///   room(chunk_size)              memory, one a thread
///   gradient(denoised, g, room)   writes the gradient, d x n, of log p(y | x0) in the data's units
/// Refers to the model.
template <class Model, class Likelihood>
class PosteriorDenoiser {
  static_assert(DifferentiableDenoiser<Model>,
                "a posterior is of a denoiser with denoise_forward and denoise_backward; scorefield/model/concept.hpp "
                "says what is missing, model/score_model.hpp shows one");

 public:
  using Scalar = typename Model::Scalar;

  struct Workspace {
    Matrix<Scalar> x0, gradient, by_x;  // d x chunk_size
    typename Likelihood::Room likelihood;
    typename Model::Workspace model;
  };

  const auto& sde() const { return model_->sde(); }
  Index dimension() const { return model_->dimension(); }
  Index chunk_size() const { return model_->chunk_size(); }
  Index condition_size() const { return detail::condition_size(*model_); }
  const auto& units() const requires HasUnits<Model> { return model_->units(); }

  Workspace workspace() const {
    const Matrix<Scalar> room(dimension(), chunk_size());
    return {room, room, room, likelihood_.room(chunk_size()), model_->workspace()};
  }

  void prior(MatrixView<Scalar> z, Workspace& w) const { model_->prior(z, w.model); }

  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    const Index n = batch.size();
    auto x0 = columns(w.x0, 0, n), gradient = columns(w.gradient, 0, n), by_x = columns(w.by_x, 0, n);
    model_->denoise_forward(batch, out, w.model);
    x0 = out;
    units_.to_data(x0);
    const auto tweedie = [&](MatrixView<Scalar> v) {
      units_.rescale(v);
      model_->denoise_backward(batch, v, by_x, w.model);
      for (Index j = 0; j < n; ++j)
        for (Index i = 0; i < v.rows(); ++i) v(i, j) = variance_per_signal(batch, j) * by_x(i, j);
      units_.rescale(v);
    };
    likelihood_.gradient(
        Denoised<Scalar, decltype(tweedie)>{batch, columns(std::as_const(w.x0), 0, n), units_, tweedie}, gradient,
        w.likelihood);
    units_.rescale(gradient);
    model_->denoise_backward(batch, gradient, by_x, w.model);
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < out.rows(); ++i)
        out(i, j) = multiply_add(variance_per_signal(batch, j), by_x(i, j), out(i, j));
  }

 protected:
  PosteriorDenoiser(const char* name, const Model& model, Likelihood likelihood)
      : model_(&model), units_(name, model), likelihood_(std::move(likelihood)) {}

 private:
  static Scalar variance_per_signal(const NoisyBatch<Scalar>& batch, Index j) {
    return batch.alpha(j) == 0 ? Scalar(0) : batch.sigma(j) * batch.sigma(j) / batch.alpha(j);
  }

  const Model* model_;
  StraightUnits<Scalar> units_;
  Likelihood likelihood_;
};

}  // namespace scorefield::detail
