/// The denoiser of a posterior: a model's denoised sample, moved by the gradient of a log-likelihood.
#pragma once

#include <cmath>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/posterior/detail/straight_units.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield::detail {

/// What a likelihood is told: the denoised samples, and how far they may be from the truth.
template <Real Scalar, class Covariance>
struct Denoised {
  const NoisyBatch<Scalar>& batch;
  ConstMatrixView<Scalar> x0;  // d x n, in the data's units
  const StraightUnits<Scalar>& units;
  Covariance covariance;  // of v (d x n): makes of it the product with V, in the data's units
};

/// D + V g, g being the gradient by x0 at D of a log-likelihood log p(y | x0), and V an estimate of Cov[x(0) | x(t)],
/// which is (sigma^2 / alpha) dD/dx by Tweedie's second-order formula: E[x(0) | x(t), y] by Bayes' rule, as far as the
/// gradient of log p(y | x(t)) is (dD/dx)^T g. A likelihood has:
///   room(chunk_size)              memory, one a thread
///   gradient(denoised, g, room)   writes the gradient, d x n, of log p(y | x0) in the data's units
/// Where little signal is left, dD/dx is small and then multiplied by much, and so are the errors of a learned one. So
/// V is the mean of that and of r^2 I, the covariance for standard normal data, r^2 = sigma^2 / (alpha^2 + sigma^2), by
/// weights alpha^2 and derivative_error^2 (alpha^2 + sigma^2): that is how large the derivative by x / sqrt(alpha^2 +
/// sigma^2) and its error are. Where no signal is left, V is r^2 I. Refers to the model.
template <class Model, class Likelihood>
class PosteriorDenoiser {
  static_assert(DifferentiableDenoiser<Model>,
                "a posterior is of a denoiser with denoise_forward and denoise_backward; scorefield/model/concept.hpp "
                "says what is missing, model/score_model.hpp shows one");

 public:
  using Scalar = typename Model::Scalar;

  struct Workspace {
    Matrix<Scalar> x0, gradient, by_x, scratch;  // d x chunk_size
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
    return {room, room, room, room, likelihood_.room(chunk_size()), model_->workspace()};
  }

  void prior(MatrixView<Scalar> z, Workspace& w) const { model_->prior(z, w.model); }

  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    const Index n = batch.size();
    auto x0 = columns(w.x0, 0, n), gradient = columns(w.gradient, 0, n), by_x = columns(w.by_x, 0, n);
    model_->denoise_forward(batch, out, w.model);
    x0 = out;
    units_.to_data(x0);
    // In the model's units.
    const auto covariance = [&](MatrixView<Scalar> v) {
      auto scratch = columns(w.scratch, 0, n);
      scratch = v;
      model_->denoise_backward(batch, scratch, by_x, w.model);
      for (Index j = 0; j < n; ++j) {
        const auto [by_model, by_itself] = shares(batch.alpha(j), batch.sigma(j));
        for (Index i = 0; i < v.rows(); ++i) v(i, j) = multiply_add(by_model, by_x(i, j), by_itself * v(i, j));
      }
    };
    const auto of_data = [&](MatrixView<Scalar> v) {
      units_.rescale(v);
      covariance(v);
      units_.rescale(v);
    };
    likelihood_.gradient(
        Denoised<Scalar, decltype(of_data)>{batch, columns(std::as_const(w.x0), 0, n), units_, of_data}, gradient,
        w.likelihood);
    units_.rescale(gradient);
    covariance(gradient);
    out += gradient;
  }

 protected:
  PosteriorDenoiser(const char* name, const Model& model, Likelihood likelihood, double derivative_error)
      : model_(&model),
        units_(name, model),
        likelihood_(std::move(likelihood)),
        derivative_error_(static_cast<Scalar>(derivative_error)) {
    if (!(derivative_error >= 0 && std::isfinite(derivative_error)))
      throw InvalidArgument(name, "a finite derivative_error >= 0", text(derivative_error),
                            "0 trusts the model, 0.03 suits networks");
  }

 private:
  /// What products with the derivative, and the vector itself, are multiplied by.
  std::pair<Scalar, Scalar> shares(Scalar alpha, Scalar sigma) const {
    const Scalar whole = multiply_add(alpha, alpha, sigma * sigma),
                 error = derivative_error_ * derivative_error_ * whole;
    const Scalar share = alpha == 0 ? Scalar(1) : error / multiply_add(alpha, alpha, error);
    return {alpha == 0 ? Scalar(0) : (1 - share) * sigma * sigma / alpha, share * sigma * sigma / whole};
  }

  const Model* model_;
  StraightUnits<Scalar> units_;
  Likelihood likelihood_;
  Scalar derivative_error_;
};

}  // namespace scorefield::detail
