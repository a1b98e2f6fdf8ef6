/// The gradient of a batch's mean loss, in fixed slots: the first part of a training step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/layer/detail/layer_watch.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/training/detail/gradient_slots.hpp"

namespace scorefield::detail {

/// Computes losses and gradients of batches. A batch is cut into chunks of columns; each slot takes consecutive chunks
/// and adds up their gradients in order, and threads take slots, so that bits do not depend on the threads.
template <TrainableModel Model, Objective<Model> Loss>
class BatchGradient {
 public:
  using Scalar = typename Model::Scalar;

  /// Computes on batches of at most `batch_size` samples. Refers to the model and the data. Throws as the objective
  /// does where its hyper-parameters cannot work.
  BatchGradient(const Model& model, const Dataset<Scalar>& data, Loss loss, Seed seed, Index batch_size, int threads)
      : model_(model),
        data_(data),
        loss_(std::move(loss)),
        seed_(seed),
        threads_(threads),
        batch_(data.dimension(), batch_size),
        conditions_(data.condition_size(), batch_size),
        losses_(batch_size) {
    const Index workers = std::min<Index>(threads, chunks(batch_size).pieces());
    for (Index i = 0; i < workers; ++i) workspaces_.push_back(loss_.workspace(model_));
  }

  const Loss& loss() const { return loss_; }
  const Model& model() const { return model_; }

  /// The pieces of a batch of n samples.
  Chunks chunks(Index n) const { return {n, model_.chunk_size()}; }

  /// Writes to the slots the gradient, by parameters p, of the mean loss over the samples `indices`, with the random
  /// numbers of training step `step`, from 0 on. There may be no more slots than the largest batch has chunks. Returns
  /// the mean loss; throws NonFinite, which names sample, time and layer, where a loss is not finite.
  double compute(ConstVectorView<Scalar> p, std::span<const Index> indices, Index step, GradientSlots<Scalar>& slots) {
    const auto n = static_cast<Index>(indices.size()), count = slots.count();
    const Chunks pieces = chunks(n);
    const bool cleared = std::exchange(slots.cleared, false);
    parallel_for(count, threads_, [&](Index slot, int worker) {
      auto& gradient = slots.partial[static_cast<std::size_t>(slot)];
      if (!cleared) gradient.setZero();
      for (Index i = slot * pieces.pieces() / count; i < (slot + 1) * pieces.pieces() / count; ++i) {
        const Index first = pieces.first(i), length = pieces.length(i);
        for (Index j = first; j < first + length; ++j) {
          const Index of = indices[static_cast<std::size_t>(j)];
          batch_.col(j) = data_.samples().col(of);
          if (conditions_.rows() > 0) conditions_.col(j) = data_.conditions().col(of);
        }
        loss_.loss_and_gradient(model_, p, examples(first, length), Draw{seed_, first, step}, n,
                                segment(view(losses_), first, length), view(gradient),
                                workspaces_[static_cast<std::size_t>(worker)]);
      }
    });
    return mean_loss(p, indices, step);
  }

  /// Throws NonFinite, which names piece and sample, for a gradient that overflows: the sum of the last batch's is in
  /// the first slot.
  [[noreturn]] void throw_overflow(std::span<const Index> indices, Index step,
                                   const GradientSlots<Scalar>& slots) const {
    Index largest = 0;
    losses_.head(static_cast<Index>(indices.size())).maxCoeff(&largest);
    const auto& g = slots.partial.front();
    Index at = first_not_finite(g);
    if (at == g.size()) g.cwiseAbs().maxCoeff(&at);  // its square alone overflows
    throw NonFinite(text("training step ", step + 1), "a finite gradient",
                    text("one that overflows, ", g(at), " by ", place_of(at), ", where the largest loss is ",
                         losses_(largest), " for sample ", indices[static_cast<std::size_t>(largest)]),
                    "lower the learning rate, or scale the data to a deviation of about 1");
  }

  /// Throws NonFinite, which names the place, unless parameters are finite after so many steps.
  void check_finite(ConstVectorView<Scalar> parameters, Index steps) const {
    if (parameters.allFinite()) return;
    const Index at = first_not_finite(parameters);
    throw NonFinite(text("training step ", steps), "finite parameters after the update",
                    text(parameters(at), " as ", place_of(at)), "lower the learning rate, or clip the gradient");
  }

 private:
  double mean_loss(ConstVectorView<Scalar> p, std::span<const Index> indices, Index step) {
    double sum = 0;
    for (std::size_t j = 0; j < indices.size(); ++j) {
      const Scalar loss = losses_(static_cast<Index>(j));
      if (!std::isfinite(loss)) throw_for_loss(p, indices, static_cast<Index>(j), step);
      sum += static_cast<double>(loss);
    }
    return sum / static_cast<double>(indices.size());
  }

  /// Explains the loss of column j of a batch: by the parameters, the sample, its time, and the layer that was the
  /// first to give a number that is not finite, for which the column's chunk is computed once more.
  [[noreturn]] void throw_for_loss(ConstVectorView<Scalar> p, std::span<const Index> indices, Index j, Index step) {
    check_finite(p, step);
    const auto n = static_cast<Index>(indices.size()), i = j / chunks(n).size;
    const Index first = chunks(n).first(i), length = chunks(n).length(i);
    const std::string got =
        text(losses_(j), " for sample ", indices[static_cast<std::size_t>(j)], ", column ", j, " of the batch");
    std::string more;
    if (!batch_.col(j).allFinite()) more = ", whose numbers are not finite: the data were changed";
    auto& workspace = workspaces_.front();
    LayerWatch watch;
    Vector<Scalar> gradient = Vector<Scalar>::Zero(p.size());  // which nobody looks at
    loss_.loss_and_gradient(model_, p, examples(first, length), Draw{seed_, first, step}, n,
                            segment(view(losses_), first, length), view(gradient), workspace);
    if constexpr (requires { loss_.time(workspace, j); }) more += text(", at time ", loss_.time(workspace, j - first));
    if (watch.parameters())
      more += text(", where the first output that is not finite is ", watch.value(), " of the layer of ",
                   place_of(static_cast<const Scalar*>(watch.parameters()) - p.data()));
    throw NonFinite(text("training step ", step + 1), "a finite loss", got + more,
                    "lower the learning rate, clip the gradient, or scale the data to a deviation of about 1");
  }

  Examples<Scalar> examples(Index first, Index length) const {
    return {columns(batch_, first, length), columns(conditions_, first, length)};
  }

  template <class V>
  static Index first_not_finite(const V& numbers) {
    Index at = 0;
    while (at < numbers.size() && std::isfinite(numbers(at))) ++at;
    return at;
  }

  /// "hidden.0.weight (3, 1)", or the number of the parameter where the model does not tell a layout.
  std::string place_of(Index parameter) const {
    if constexpr (requires { model_.network().layout().pieces(); }) {
      const auto layout = model_.network().layout();
      for (const auto& piece : layout.pieces())
        if (parameter < piece.offset + piece.size()) {
          const Index within = parameter - piece.offset;
          return text(piece.name, " (", within % piece.rows, ", ", within / piece.rows, ')');
        }
    }
    return text("parameter ", parameter);
  }

  const Model& model_;
  const Dataset<Scalar>& data_;
  Loss loss_;
  Seed seed_;
  int threads_;
  Matrix<Scalar> batch_, conditions_;  // d, and k, x batch_size
  Vector<Scalar> losses_;              // batch_size
  std::vector<decltype(std::declval<const Loss&>().workspace(std::declval<const Model&>()))> workspaces_;
};

}  // namespace scorefield::detail
