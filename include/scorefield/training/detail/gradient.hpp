/// The gradient of a batch's mean loss, in fixed slots: the first part of a training step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/data/training_data.hpp"
#include "scorefield/layer/detail/layer_watch.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/training/detail/gradient_slots.hpp"
#include "scorefield/training/detail/pairing.hpp"

namespace scorefield::detail {

/// Computes losses and gradients of batches. A batch is cut into chunks of columns; each slot takes consecutive chunks
/// and adds up their gradients in order, and ranks and threads take slots, so that bits do not depend on either.
template <TrainableModel Model, Objective<Model> Loss, CommunicatorPointer Group = std::nullptr_t>
class BatchGradient {
 public:
  using Scalar = typename Model::Scalar;

  /// Computes on batches of at most `batch_size` samples, in at most `slots` slots. Refers to the model and the data.
  /// With a communicator each rank computes the slots that it has of a batch, and all know the losses. Throws as the
  /// objective does where its hyper-parameters cannot work.
  BatchGradient(const Model& model, const TrainingData<Scalar>& data, Loss loss, Seed seed, Index batch_size,
                Index slots, int threads, Group communicator = nullptr)
      : model_(model),
        data_(data),
        loss_(std::move(loss)),
        seed_(seed),
        threads_(threads),
        communicator_(communicator),
        batch_(data.dimension(), batch_size),
        conditions_(data.condition_size(), batch_size),
        losses_(batch_size),
        pairing_(loss_, model, batch_size) {
    const Index workers = std::min<Index>(threads, slots);
    for (Index i = 0; i < workers; ++i) workspaces_.push_back(loss_.workspace(model_));
  }

  const Loss& loss() const { return loss_; }
  const Model& model() const { return model_; }

  /// The pieces of a batch of n samples.
  Chunks chunks(Index n) const { return {n, model_.chunk_size()}; }

  /// Writes to the slots the gradient, by parameters p, of the mean loss over the samples `of_batch`, with the random
  /// numbers of training step `step`, from 0 on. There may be no more slots than the largest batch has chunks. Returns
  /// the mean loss; throws NonFinite, which names sample, time, layer and numbers, where a loss is not finite, and what
  /// the data throw where a sample cannot be had, with the same words on every rank.
  /// rate_before: the learning rate of the step before, if there was one, for this message.
  double compute(ConstVectorView<Scalar> p, std::span<const Index> of_batch, Index step, GradientSlots<Scalar>& slots,
                 double rate_before = 0) {
    const auto indices = pairing_.pair(loss_, model_, data_, of_batch, Draw{seed_, 0, step});
    const auto n = static_cast<Index>(indices.size());
    const Chunks pieces = chunks(n);
    const bool cleared = std::exchange(slots.cleared, false);
    parallel_for(slots.count(), threads_, [&](Index slot, int worker) {
      auto& gradient = slots.partial[static_cast<std::size_t>(slot)];
      if (!cleared) gradient.setZero();
      const Index end = first_chunk(slots.first + slot + 1, slots.all, pieces);
      for (Index i = first_chunk(slots.first + slot, slots.all, pieces); i < end; ++i) {
        const Index first = pieces.first(i), length = pieces.length(i);
        if (!fetched(indices, first, length)) continue;
        loss_.loss_and_gradient(model_, p, examples(first, length), Draw{seed_, first, step}, n,
                                segment(view(losses_), first, length), view(gradient),
                                workspaces_[static_cast<std::size_t>(worker)]);
      }
    });
    if constexpr (may_share<Group>) gather_losses(slots.all, pieces);
    return mean_loss(p, indices, step, rate_before);
  }

  /// Throws NonFinite for the gradient of the last batch, which overflows. It names the sample with the largest share
  /// in it, for which that of each is computed by itself, and the parameter that it is by.
  [[noreturn]] void throw_overflow(ConstVectorView<Scalar> p, std::span<const Index> of_batch, Index step,
                                   double rate_before = 0) {
    const auto indices = pairing_.last(of_batch);
    const auto n = static_cast<Index>(indices.size());
    Vector<Scalar> gradient(p.size());
    Index column = 0, parameter = 0;
    Scalar largest = -1;
    for (Index j = 0; j < n && std::isfinite(largest); ++j) {
      gradient.setZero();
      fetch(indices, j, 1);
      loss_.loss_and_gradient(model_, p, examples(j, 1), Draw{seed_, j, step}, n, segment(view(losses_), j, 1),
                              view(gradient), workspaces_.front());
      const Index at = worst(gradient);
      if (std::isfinite(gradient(at)) && !(std::abs(gradient(at)) > largest)) continue;
      largest = std::abs(gradient(at));
      column = j;
      parameter = at;
    }
    throw NonFinite(text("training step ", step + 1), "a finite gradient",
                    text("one that overflows, the largest share of which is ", largest, " by ", place_of(parameter),
                         about(p, indices, column, step, rate_before)),
                    hint);
  }

  /// The number of the first parameter that is not finite, or else of the largest, and its place as
  /// "-inf, hidden.0.weight (3, 1)"; the number alone where the model does not tell a layout.
  std::string worst_of(ConstVectorView<Scalar> parameters) const {
    const Index at = worst(parameters);
    return text(parameters(at), ", ", place_of(at));
  }

 private:
  static constexpr const char* hint =
      "lower the learning rate, clip the gradient, or scale the data to a deviation of about 1";

  /// The first chunk of a slot of a batch that is cut into these.
  static Index first_chunk(Index slot, Index slots, const Chunks& pieces) { return slot * pieces.pieces() / slots; }

  /// Brings columns [first, first + length) of a batch from the data. Throws as the data do.
  void fetch(std::span<const Index> indices, Index first, Index length) {
    const auto of = indices.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(length));
    data_.fetch_samples(of, columns(batch_, first, length));
    if (conditions_.rows() > 0) data_.fetch_conditions(of, columns(conditions_, first, length));
  }

  /// The same, and whether all could be had. The loss of one that could not is NaN: so every rank learns of it, fetches
  /// it once more for the message, and throws what the data throw.
  bool fetched(std::span<const Index> indices, Index first, Index length) {
    const auto had = [&](Index from, Index count) {
      try {
        fetch(indices, from, count);
        return true;
      } catch (const Error&) {
        return false;
      }
    };
    if (had(first, length)) return true;
    bool all = true;
    for (Index j = first; j < first + length; ++j) {
      const bool one = had(j, 1);
      losses_(j) = one ? 0 : std::numeric_limits<Scalar>::quiet_NaN();
      all = all && one;
    }
    return all;
  }

  /// The losses of a batch on every rank.
  void gather_losses(Index slots, const Chunks& pieces) {
    if (!communicator_) return;
    const int size = communicator_->size();
    loss_bytes_.resize(static_cast<std::size_t>(size));
    const auto column = [&](Index slot) {
      return std::min(pieces.first(first_chunk(slot, slots, pieces)), pieces.count);
    };
    for (int rank = 0; rank < size; ++rank) {
      const Range own = rank_range(slots, rank, size);
      loss_bytes_[static_cast<std::size_t>(rank)] =
          static_cast<std::size_t>(column(own.end()) - column(own.first)) * sizeof(Scalar);
    }
    communicator_->all_gather(std::as_writable_bytes(std::span(losses_.data(), static_cast<std::size_t>(pieces.count))),
                              loss_bytes_);
  }

  double mean_loss(ConstVectorView<Scalar> p, std::span<const Index> indices, Index step, double rate_before) {
    const auto losses = losses_.head(static_cast<Index>(indices.size()));
    double sum = 0;
    for (const Scalar loss : losses) sum += static_cast<double>(loss);
    if (losses.allFinite()) return sum / static_cast<double>(indices.size());
    const auto others = std::ranges::count_if(losses, [](Scalar loss) { return !std::isfinite(loss); }) - 1;
    const Index j = worst(losses);
    const std::string got = text(losses(j), others > 0 ? text(" (and ", others, " more)") : "");
    throw NonFinite(text("training step ", step + 1), "a finite loss", got + about(p, indices, j, step, rate_before),
                    hint);
  }

  /// What there is to know of column j of a batch: the sample, its time, its numbers, and the layer that was the first
  /// to give a number that is not finite, for which its loss is computed once more; and the largest parameter.
  std::string about(ConstVectorView<Scalar> p, std::span<const Index> indices, Index j, Index step,
                    double rate_before) {
    auto& workspace = workspaces_.front();
    fetch(indices, j, 1);  // which may have been another rank's
    LayerWatch watch;
    // The loss alone would be compiled for this message.
    Vector<Scalar> gradient = Vector<Scalar>::Zero(p.size());
    loss_.loss_and_gradient(model_, p, examples(j, 1), Draw{seed_, j, step}, static_cast<Index>(indices.size()),
                            segment(view(losses_), j, 1), view(gradient), workspace);
    std::string all = text(" for sample ", indices[static_cast<std::size_t>(j)], ", column ", j, " of the batch");
    if constexpr (requires { loss_.time(workspace, j); }) all += text(", at time ", loss_.time(workspace, 0));
    const auto add_worst = [&](const char* of, const auto& numbers) {
      const Index row = worst(numbers);
      all += text(", ", of, ' ', numbers(row), " in row ", row);
    };
    add_worst(batch_.col(j).allFinite() ? "with up to" : "whose data were changed to", batch_.col(j));
    if (conditions_.rows() > 0 && !std::isnan(conditions_(0, j))) add_worst("given up to", conditions_.col(j));
    if (watch.parameters())
      all +=
          text(", where the first output that is not finite is ", watch.value(), " of ",
               layer_of(static_cast<Index>(static_cast<const Scalar*>(watch.parameters()) - p.data()), watch.count()));
    all += text(", with parameters up to ", worst_of(p));
    return rate_before == 0 ? all : all + text(", after a learning rate of ", rate_before);
  }

  Examples<Scalar> examples(Index first, Index length) const {
    return {columns(batch_, first, length), columns(conditions_, first, length)};
  }

  /// The first number that is not finite, or else the one of the largest size.
  template <class V>
  static Index worst(const V& numbers) {
    Index at = 0;
    for (Index i = 0; i < numbers.size() && std::isfinite(numbers(at)); ++i)
      if (!(std::abs(numbers(i)) <= std::abs(numbers(at)))) at = i;
    return at;
  }

  std::vector<ParameterPiece> pieces() const {
    if constexpr (requires { model_.network().layout(); })
      return model_.network().layout().pieces();
    else
      return {};
  }

  /// "hidden.0.weight (3, 1)".
  std::string place_of(Index parameter) const {
    for (const auto& piece : pieces())
      if (const Index within = parameter - piece.offset; within < piece.size())
        return text(piece.name, " (", within % piece.rows, ", ", within / piece.rows, ')');
    return text("parameter ", parameter);
  }

  /// "layer hidden.0": what the names of its parameters, `count` from `first` on, begin with.
  std::string layer_of(Index first, Index count) const {
    std::string name;
    for (const auto& piece : pieces()) {
      if (piece.offset < first || piece.offset >= first + count) continue;
      if (name.empty()) name = piece.name;
      name.erase(std::ranges::mismatch(name, piece.name).in1, name.end());
    }
    name.resize(std::min(name.size(), name.rfind('.')));
    return name.empty() ? "a layer" : text("layer ", name);
  }

  const Model& model_;
  const TrainingData<Scalar>& data_;
  Loss loss_;
  Seed seed_;
  int threads_;
  Group communicator_;
  std::vector<std::size_t> loss_bytes_;  // of each rank
  Matrix<Scalar> batch_, conditions_;    // d, and k, x batch_size
  Vector<Scalar> losses_;                // batch_size
  Pairing<Loss, Model> pairing_;
  std::vector<decltype(std::declval<const Loss&>().workspace(std::declval<const Model&>()))> workspaces_;
};

}  // namespace scorefield::detail
