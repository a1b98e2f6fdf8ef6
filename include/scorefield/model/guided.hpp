/// Guided: a denoiser that goes further than its condition asks, by classifier-free guidance.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// Times at which guidance is on, both included.
struct GuidanceInterval {
  double from = 0, to = 1;
};

/// D = (1 - weight) D(x; not given) + weight D(x; condition): weight 0 is the model without a condition, 1 the model
/// with it, and above 1 samples are more like the condition and less unlike each other. Outside of the interval, where
/// guidance spoils more than it helps, the weight is 1. The model must have learnt both, by the option
/// condition_dropout of its objective. Two evaluations of the model each, where the weight is neither 0 nor 1. Can be
/// asked back to its input where the model can. Refers to the model. Ho and Salimans 2022, arXiv:2207.12598, equation 6
/// with w = weight - 1; the interval: Kynkäänniemi et al. 2024, arXiv:2404.07724.
template <Denoiser Model>
class Guided {
 public:
  using Scalar = typename Model::Scalar;

  struct Workspace {
    Matrix<Scalar> none;     // (k + 1) x chunk_size: zeros, which is what "not given" is told as
    Matrix<Scalar> without;  // d x chunk_size: denoised without the condition, or the gradient of a loss by that
    Matrix<Scalar> by_x;     // d x chunk_size: the gradient by x through that
    typename Model::Workspace model, model_without;  // the latter for what denoise_backward needs alone
  };

  /// Throws InvalidArgument for a model that is given nothing, a weight beyond 1e6, and times that are not
  /// 0 <= from <= to <= 1.
  Guided(const Model& model, double weight, GuidanceInterval interval = {})
      : model_(&model), weight_(static_cast<Scalar>(weight)), interval_(interval) {
    if (detail::condition_size(model) == 0)
      throw InvalidArgument("Guided", "a model that is given a condition", "one that is given none",
                            "the network's option .condition is the number of what it is given");
    if (!(std::abs(weight) <= 1e6))
      throw InvalidArgument("Guided", "a weight from -1e6 to 1e6", text(weight), "usual are 1 to 5");
    if (!(interval.from >= 0 && interval.from <= interval.to && interval.to <= 1))
      throw InvalidArgument("Guided", "an interval of times in [0, 1]", text(interval.from, " to ", interval.to),
                            "0 is data and 1 is noise");
  }
  Guided(const Model&& model, double, GuidanceInterval = {}) = delete;

  const auto& sde() const { return model_->sde(); }
  Index dimension() const { return model_->dimension(); }
  Index chunk_size() const { return model_->chunk_size(); }
  Index condition_size() const { return detail::condition_size(*model_); }
  const auto& units() const requires detail::HasUnits<Model> { return model_->units(); }

  Workspace workspace() const {
    const Index n = chunk_size();
    return {Matrix<Scalar>::Zero(detail::told_size(condition_size()), n), Matrix<Scalar>(dimension(), n),
            Matrix<Scalar>(dimension(), n), model_->workspace(), model_->workspace()};
  }

  void prior(MatrixView<Scalar> z, Workspace& w) const { model_->prior(z, w.model); }

  void denoise(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w) const {
    mix(batch, out, w, w.model,
        [this](const auto& given, auto denoised, auto& of_model) { model_->denoise(given, denoised, of_model); });
  }

  void denoise_forward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out,
                       Workspace& w) const requires DifferentiableDenoiser<Model> {
    mix(batch, out, w, w.model_without, [this](const auto& given, auto denoised, auto& of_model) {
      model_->denoise_forward(given, denoised, of_model);
    });
  }

  void denoise_backward(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> d, MatrixView<Scalar> dx,
                        Workspace& w) const requires DifferentiableDenoiser<Model> {
    const auto none = given_none(batch, w);
    if (weights_are(batch, 0)) return model_->denoise_backward(none, d, dx, w.model_without);
    if (weights_are(batch, 1)) return model_->denoise_backward(batch, d, dx, w.model);
    auto without = columns(w.without, 0, batch.size()), by_x = columns(w.by_x, 0, batch.size());
    for (Index j = 0; j < batch.size(); ++j) {
      const Scalar of = weight(batch.t(j));
      without.col(j) = (1 - of) * d.col(j);
      d.col(j) *= of;
    }
    model_->denoise_backward(batch, d, dx, w.model);
    model_->denoise_backward(none, without, by_x, w.model_without);
    dx += by_x;
  }

 private:
  NoisyBatch<Scalar> given_none(const NoisyBatch<Scalar>& batch, const Workspace& w) const {
    return {batch.x, batch.t, batch.alpha, batch.sigma, columns(w.none, 0, batch.size())};
  }

  bool weights_are(const NoisyBatch<Scalar>& batch, Scalar value) const {
    for (Index j = 0; j < batch.size(); ++j)
      if (weight(batch.t(j)) != value) return false;
    return true;
  }

  /// D by what evaluate(batch, out, the model's workspace) writes with the condition, and without it in a workspace
  /// that may be the same where nothing is to be kept.
  template <class Evaluate>
  void mix(const NoisyBatch<Scalar>& batch, MatrixView<Scalar> out, Workspace& w,
           typename Model::Workspace& model_without, const Evaluate& evaluate) const {
    const auto none = given_none(batch, w);
    if (weights_are(batch, 0)) return evaluate(none, out, model_without);
    evaluate(batch, out, w.model);
    if (weights_are(batch, 1)) return;
    auto without = columns(w.without, 0, batch.size());
    evaluate(none, without, model_without);
    for (Index j = 0; j < batch.size(); ++j) {
      const Scalar of = weight(batch.t(j));
      if (of == 1) continue;
      for (Index i = 0; i < out.rows(); ++i)
        out(i, j) = of == 0 ? without(i, j) : multiply_add(of, out(i, j) - without(i, j), without(i, j));
    }
  }

  Scalar weight(Scalar t) const {
    return static_cast<double>(t) >= interval_.from && static_cast<double>(t) <= interval_.to ? weight_ : Scalar(1);
  }

  const Model* model_;
  Scalar weight_;
  GuidanceInterval interval_;
};

}  // namespace scorefield
