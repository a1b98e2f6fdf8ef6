/// Denoising score matching over all times.
#pragma once

#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

/// The weight of a squared error of the score. Salimans and Ho 2022, arXiv:2202.00512, section 4.
///   noise     sigma^2: errors of the noise eps count alike at all times
///   velocity  sigma^2 / alpha^2: those of the velocity alpha eps - sigma x0 of a variance-preserving equation do, so
///             late times, which decide on shapes, count for more. For a prediction that is right at t = 1 from the
///             start, LinearDenoiserCorrection or VelocityPrediction: of others the last times would own the gradient.
enum class Weighting { noise, velocity };

/// E_t E_x0 E_eps lambda(t) |s(x_t, t) + eps / sigma(t)|^2 / d with x_t = alpha(t) x0 + sigma(t) eps, t uniform in
/// [t_min, 1] and lambda as the weighting says. Song et al. 2021, arXiv:2011.13456, equation 7.
/// t_min keeps clear of t = 0, where the score of a finite data set is unbounded. Of images the largest losses are at
/// early times: drawing these more often makes the gradient less noisy, as importance sampling does for another
/// weighting in Song, Durkan et al. 2021, arXiv:2101.09258.
struct DenoisingScoreMatching {
  double t_min = 1e-4;
  bool stratified = false;   // the u of a batch of n: one in each n-th of [0, 1], which makes losses less noisy
  double time_exponent = 1;  // times are t_min + (1 - t_min) u^exponent, u uniform in [0, 1], and losses are weighted
                             // so that their mean stays: above 1 for more of the early times
  Weighting weighting = Weighting::noise;

  std::string settings() const {
    return settings_text("DenoisingScoreMatching",
                         {{"t_min", t_min},
                          {"stratified", stratified},
                          {"time_exponent", time_exponent},
                          {"weighting", weighting == Weighting::noise ? "noise" : "velocity"}});
  }

  template <TrainableModel Model>
  struct Workspace {
    using Scalar = typename Model::Scalar;
    Matrix<Scalar> time, deviation, weight;  // 1 x chunk_size
    Matrix<Scalar> noise, x_t, score;        // d x chunk_size
    typename Model::Workspace model;
  };

  /// Throws InvalidArgument unless t_min is in (0, 1), time_exponent finite and at least 1, and, where it divides, the
  /// square of alpha(1) above 0.
  template <TrainableModel Model>
  Workspace<Model> workspace(const Model& model) const {
    if (!(t_min > 0 && t_min < 1))
      throw InvalidArgument("DenoisingScoreMatching", "t_min in (0, 1)", text(t_min), "1e-4 is usual");
    if (!(time_exponent >= 1 && std::isfinite(time_exponent)))
      throw InvalidArgument("DenoisingScoreMatching", "a time_exponent from 1 on", text(time_exponent),
                            "1 draws uniform times, 2 more of the early ones");
    using M = Matrix<typename Model::Scalar>;
    const auto last_signal = model.sde().signal(1);
    if (weighting == Weighting::velocity && !std::isnormal(last_signal * last_signal))
      throw InvalidArgument("DenoisingScoreMatching",
                            "an equation with some signal at t = 1, to weight for the velocity",
                            text("a signal of ", last_signal), "end its schedule earlier, or weight for the noise");
    const Index d = model.dimension(), n = model.chunk_size();
    return {M(1, n), M(1, n), M(1, n), M(d, n), M(d, n), M(d, n), model.workspace()};
  }

  template <TrainableModel Model, Real Scalar = typename Model::Scalar>
  void loss_and_gradient(const Model& model, ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x0, const Draw& draw,
                         Index batch_size, VectorView<Scalar> losses, VectorView<Scalar> gradient,
                         Workspace<Model>& w) const {
    const Index d = x0.rows(), n = x0.cols();
    auto time = columns(w.time, 0, n), deviation = columns(w.deviation, 0, n), weight = columns(w.weight, 0, n);
    auto noise = columns(w.noise, 0, n), x_t = columns(w.x_t, 0, n), score = columns(w.score, 0, n);
    Random(draw.seed, "training time").uniform(time, draw.first_sample, draw.step);
    Random(draw.seed, "training noise").normal(noise, draw.first_sample, draw.step);

    const auto earliest = static_cast<Scalar>(t_min), exponent = static_cast<Scalar>(time_exponent);
    for (Index j = 0; j < n; ++j) {
      Scalar u = time(0, j);
      if (stratified) u = (static_cast<Scalar>(draw.first_sample + j) + u) / static_cast<Scalar>(batch_size);
      const Scalar power = exponent == 1 ? 1 : std::pow(u, exponent - 1);
      const Scalar t = multiply_add((1 - earliest) * u, power, earliest);
      time(0, j) = t;
      weight(0, j) = exponent * power;
      deviation(0, j) = model.sde().deviation(t);
      const Scalar signal = model.sde().signal(t);
      if (weighting == Weighting::velocity) weight(0, j) /= signal * signal;
      for (Index i = 0; i < d; ++i) x_t(i, j) = multiply_add(signal, x0(i, j), deviation(0, j) * noise(i, j));
    }
    model.score_forward(p, columns(std::as_const(w.x_t), 0, n), ConstVectorView<Scalar>(time.data(), n), score,
                        w.model);

    // A sample's loss is the weighted mean square of sigma s + eps.
    for (Index j = 0; j < n; ++j) {
      const Scalar sigma = deviation(0, j), scale = weight(0, j) * 2 * sigma / static_cast<Scalar>(d * batch_size);
      Scalar square = 0;
      for (Index i = 0; i < d; ++i) {
        const Scalar residual = multiply_add(sigma, score(i, j), noise(i, j));
        square = multiply_add(residual, residual, square);
        score(i, j) = scale * residual;
      }
      losses(j) = weight(0, j) * square / static_cast<Scalar>(d);
    }
    model.score_backward(p, score, gradient, w.model);
  }
};

}  // namespace scorefield
