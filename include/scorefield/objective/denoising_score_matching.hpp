/// Denoising score matching over all times.
#pragma once

#include <cassert>
#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/objective/coupling/concept.hpp"
#include "scorefield/objective/coupling/independent_coupling.hpp"
#include "scorefield/objective/source/concept.hpp"
#include "scorefield/objective/source/normal_source.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/uniform_time.hpp"
#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/objective/weighting/noise_weighting.hpp"
#include "scorefield/sde/condition.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// E_t E_x0 E_eps w(t) |D(x_t, t) - x0|^2 / (sigma(t)^2 d) with x_t = alpha(t) x0 + sigma(t) eps, times as their
/// distribution says, w as the weighting and eps from the source: DenoisingScoreMatching{StratifiedTime{},
/// VelocityWeighting{}}. In training, x0 and eps of a batch are paired as the coupling says. For guidance a share of
/// the examples is not given its condition: DenoisingScoreMatching<>{.condition_dropout = 0.1}. Vincent 2011, "A
/// Connection Between Score Matching and Denoising Autoencoders"; Song et al. 2021, arXiv:2011.13456, equation 7; the
/// dropout, Ho and Salimans 2022, arXiv:2207.12598, algorithm 1.
template <TimeDistribution Times = UniformTime, Weighting Weights = NoiseWeighting,
          Coupling Pairs = IndependentCoupling, Source From = NormalSource>
struct DenoisingScoreMatching {
  Times times = {};
  Weights weighting = {};
  Pairs coupling = {};
  From source = {};
  double condition_dropout = 0;  // the share of examples whose condition is not given, so that one network learns both

  std::string settings() const {
    std::vector<Setting> all{{"times", times.settings()}, {"weighting", weighting.settings()}};
    if constexpr (BatchCoupling<Pairs>) all.emplace_back("coupling", coupling.settings());
    if constexpr (!std::same_as<From, NormalSource>) all.emplace_back("source", source.settings());
    all.emplace_back("condition_dropout", condition_dropout);
    return settings_text("DenoisingScoreMatching", all);
  }

  template <TrainableModel Model>
  struct Workspace {
    using Scalar = typename Model::Scalar;
    Matrix<Scalar> uniform;              // 1 x chunk_size
    Vector<Scalar> weight, root, scale;  // chunk_size
    NoiseLevels<Scalar> levels;
    Matrix<Scalar> noise, x_t, error;  // d x chunk_size
    Matrix<Scalar> told;               // what the network is told of the conditions, of as many columns
    typename Model::Workspace model;
  };

  /// Throws InvalidArgument where the times cannot be drawn, and for a share of conditions outside of [0, 1], or other
  /// than 0 for a model that is given none.
  template <TrainableModel Model>
  Workspace<Model> workspace(const Model& model) const {
    times.validate(model.sde());
    weighting.validate();
    coupling.validate();
    source.validate(model.dimension());
    const Index k = detail::condition_size(model);
    if (!(condition_dropout >= 0 && condition_dropout <= 1) || (k == 0 && condition_dropout > 0))
      throw InvalidArgument(
          "DenoisingScoreMatching",
          k == 0 ? "no condition_dropout, for the model is given none" : "condition_dropout in [0, 1]",
          text(condition_dropout), "usual are 0.1 for guidance, and 0 without");
    using M = Matrix<typename Model::Scalar>;
    using V = Vector<typename Model::Scalar>;
    const Index d = model.dimension(), n = model.chunk_size();
    return {M(1, n),
            V(n),
            V(n),
            V(n),
            NoiseLevels<typename Model::Scalar>(n),
            M(d, n),
            M(d, n),
            M(d, n),
            M(detail::told_size(k), n),
            model.workspace()};
  }

  template <TrainableModel Model, Real Scalar = typename Model::Scalar>
  void loss(const Model& model, ConstVectorView<Scalar> p, const Examples<typename Model::Scalar>& examples,
            const Draw& draw, Index batch_size, VectorView<Scalar> losses, Workspace<Model>& w) const {
    const auto task = make_noisy(model, examples, draw, batch_size, w);
    auto error = columns(w.error, 0, examples.size());
    model.error(p, task, error, w.model);
    write_losses(error, w, losses);
  }

  template <TrainableModel Model, Real Scalar = typename Model::Scalar>
  void loss_and_gradient(const Model& model, ConstVectorView<Scalar> p,
                         const Examples<typename Model::Scalar>& examples, const Draw& draw, Index batch_size,
                         VectorView<Scalar> losses, VectorView<Scalar> gradient, Workspace<Model>& w) const {
    const Index d = examples.x0.rows(), n = examples.size();
    const auto task = make_noisy(model, examples, draw, batch_size, w);
    auto error = columns(w.error, 0, n);
    model.error_forward(p, task, error, w.model);
    write_losses(error, w, losses);
    for (Index j = 0; j < n; ++j) w.scale(j) = w.weight(j) * 2 / static_cast<Scalar>(d * batch_size);
    model.error_backward(p, task, segment(view(std::as_const(w.scale)), 0, n), error, gradient, w.model);
  }

  template <Real Scalar>
  struct PairingWorkspace {
    Matrix<Scalar> noise;  // d x batch_size
    typename Pairs::template Workspace<Scalar> coupling;
  };

  /// For batches of up to `most` samples. Throws InvalidArgument where the coupling cannot work.
  template <TrainableModel Model>
  requires BatchCoupling<Pairs>
  auto pairing(const Model& model, Index most) const {
    using Scalar = typename Model::Scalar;
    coupling.validate();
    return PairingWorkspace<Scalar>{Matrix<Scalar>(model.dimension(), most),
                                    coupling.template workspace<Scalar>(model.dimension(), most)};
  }

  /// Pairs x0 (d x n) with the noise that the columns of a batch are given by the draw.
  template <TrainableModel Model, Real Scalar = typename Model::Scalar>
  requires BatchCoupling<Pairs>
  void pair(const Model&, ConstMatrixView<Scalar> x0, const Draw& draw, std::span<Index> order,
            PairingWorkspace<Scalar>& w) const {
    auto noise = columns(w.noise, 0, x0.cols());
    source.draw(draw, noise);
    coupling.pair(x0, columns(std::as_const(w.noise), 0, x0.cols()), draw, order, w.coupling);
  }

  /// The time that column j of the last call with this workspace was looked at.
  template <class W>
  static double time(const W& w, Index j) {
    return static_cast<double>(w.levels.time(j));
  }

 private:
  /// The samples with the noise of their draw, at the times of it, and what the network is told of their conditions.
  template <TrainableModel Model, Real Scalar = typename Model::Scalar>
  DenoisingTask<Scalar> make_noisy(const Model& model, const Examples<typename Model::Scalar>& examples,
                                   const Draw& draw, Index batch_size, Workspace<Model>& w) const {
    const auto& x0 = examples.x0;
    const Index d = x0.rows(), n = x0.cols();
    auto uniform = columns(w.uniform, 0, n), noise = columns(w.noise, 0, n);
    Random(draw.seed, "training time").uniform(uniform, draw.first_sample, draw.step);
    source.draw(draw, noise);
    for (Index j = 0; j < n; ++j) {
      const auto [t, weight] = times.draw(model.sde(), uniform(0, j), draw.first_sample + j, batch_size);
      w.levels.set(j, model.sde(), t);
      w.weight(j) = weight;
    }
    tell_conditions(examples.condition, draw, w);
    const auto noisy = w.levels.around(columns(std::as_const(w.x_t), 0, n), columns(std::as_const(w.told), 0, n));
    for (Index j = 0; j < n; ++j) {
      const Scalar alpha = noisy.alpha(j), sigma = noisy.sigma(j);
      w.root(j) = weighting.root(model.sde(), NoiseLevel<Scalar>{noisy.t(j), alpha, sigma});
      for (Index i = 0; i < d; ++i) w.x_t(i, j) = multiply_add(alpha, x0(i, j), sigma * noise(i, j));
    }
    return {noisy, x0, columns(std::as_const(w.noise), 0, n), segment(view(std::as_const(w.root)), 0, n)};
  }

  template <class W, Real Scalar>
  void tell_conditions(ConstMatrixView<Scalar> condition, const Draw& draw, W& w) const {
    const Index n = condition.cols();
    assert(w.told.rows() == detail::told_size(condition.rows()));
    detail::tell(condition, columns(w.told, 0, n));
    if (condition_dropout == 0) return;
    auto uniform = columns(w.uniform, 0, n);
    Random(draw.seed, "condition dropout").uniform(uniform, draw.first_sample, draw.step);
    for (Index j = 0; j < n; ++j)
      if (static_cast<double>(uniform(0, j)) <= condition_dropout) w.told.col(j).setZero();
  }

  /// A sample's loss is the mean square of its weighted error.
  template <class W, Real Scalar>
  static void write_losses(MatrixView<Scalar> error, const W& w, VectorView<Scalar> losses) {
    for (Index j = 0; j < error.cols(); ++j) {
      Scalar square = 0;
      for (Index i = 0; i < error.rows(); ++i) square = multiply_add(error(i, j), error(i, j), square);
      losses(j) = w.weight(j) * square / static_cast<Scalar>(error.rows());
    }
  }
};

template <class Times>
DenoisingScoreMatching(Times) -> DenoisingScoreMatching<Times>;
template <class Times, class Weights>
DenoisingScoreMatching(Times, Weights) -> DenoisingScoreMatching<Times, Weights>;
template <class Times, class Weights, class Pairs>
DenoisingScoreMatching(Times, Weights, Pairs) -> DenoisingScoreMatching<Times, Weights, Pairs>;
template <class Times, class Weights, class Pairs, class From>
DenoisingScoreMatching(Times, Weights, Pairs, From) -> DenoisingScoreMatching<Times, Weights, Pairs, From>;

}  // namespace scorefield
