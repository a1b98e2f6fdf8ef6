/// Gradient clipping, the optimizer's step and the moving average: the third part of a training step.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/optimizer/concept.hpp"
#include "scorefield/optimizer/moving_average.hpp"
#include "scorefield/training/detail/gradient_slots.hpp"
#include "scorefield/training/detail/parameter_shares.hpp"
#include "scorefield/training/detail/piecewise_optimizer.hpp"
#include "scorefield/training/detail/reduce.hpp"

namespace scorefield::detail {

/// What a gradient is multiplied by so that its norm, whose square is given, is at most clip_norm. Pascanu et al. 2013,
/// arXiv:1211.5063.
inline double clip_factor(const std::optional<double>& clip_norm, double square) {
  const double norm = std::sqrt(square);
  return clip_norm && norm > *clip_norm ? *clip_norm / norm : 1;
}

/// The parameters that are trained, with the optimizer that moves them and their moving average. Where it is of a
/// Communicator*, ranks may share them.
template <Optimizer Method, Real Scalar, CommunicatorPointer Group = std::nullptr_t>
class ParameterUpdate {
 public:
  using State = typename PiecewiseOptimizer<Method, Scalar>::State;

  /// Begins with the model's parameters. At most `threads` threads take pieces of the work. Throws InvalidArgument as
  /// the PiecewiseOptimizer does.
  template <class Model>
  ParameterUpdate(const Model& model, Method method, const std::optional<ExponentialMovingAverage>& average,
                  int threads)
      : averaging_(average), optimizer_(std::move(method), model, threads), parameters_(model.parameters()) {
    if (averaging_) begin_average();
  }

  const Method& method() const { return optimizer_.method(); }
  const Vector<Scalar>& parameters() const { return parameters_; }
  /// In double; empty where there is none.
  const Vector<double>& average() const { return average_; }
  /// The moving average where there is one, or the parameters.
  const Vector<Scalar>& result() const { return averaging_ ? rounded_average_ : parameters_; }
  /// As far as this process moves the parameters.
  const State& state() const { return optimizer_.state; }
  /// Of all parameters. Ranks bring it together here, so all of them call this.
  std::vector<Vector<Scalar>> whole_state() const {
    std::vector<Vector<Scalar>> all(state().begin(), state().end());
    if constexpr (may_share<Group>)
      if (shares_)
        for (auto& vector : all) shares_->gather(vector);
    return all;
  }

  /// From now on this rank moves a share of the parameters, by its share of so many slots, and has the others of other
  /// ranks.
  void share_out(Communicator& communicator, Index slots) requires(may_share<Group>) {
    shares_.emplace(communicator, optimizer_.share_out(communicator.size(), communicator.rank()), slots);
  }

  /// Adds the slots up in their order, in place of the first: all of it, or the share of this rank. Returns the square
  /// of the whole sum's norm, as detail::reduce does.
  double reduce(GradientSlots<Scalar>& slots, int threads) {
    if constexpr (may_share<Group>)
      if (shares_) return shares_->reduce(slots, threads);
    return detail::reduce(slots, threads);
  }

  /// Goes on from other parameters and the optimizer's state; from their average, or from themselves where it is empty.
  void resume(const Vector<Scalar>& parameters, const Vector<double>& average,
              const std::vector<Vector<Scalar>>& state) {
    parameters_ = parameters;
    if (averaging_) {
      begin_average();
      if (average.size() > 0) average_ = average;
      rounded_average_ = average_.template cast<Scalar>();
    }
    std::copy(state.begin(), state.end(), optimizer_.state.begin());
  }

  /// Moves the parameters by `factor` times the gradient in the first slot at a learning rate, and the average towards
  /// them, step from 1 on. One process alone clears all slots, piece by piece while they are in the cache; ranks leave
  /// that to the next gradient.
  void move(GradientSlots<Scalar>& slots, double factor, double rate, Index step, int threads) {
    const auto& pieces = optimizer_.pieces();
    const auto scale = static_cast<Scalar>(factor);
    parallel_for(static_cast<Index>(pieces.size()), threads, [&](Index i, int worker) {
      const auto& piece = pieces[static_cast<std::size_t>(i)];
      const Index first = piece.first, length = piece.size();
      const auto p = segment(view(parameters_), first, length);
      auto g = segment(view(slots.partial.front()), first, length);
      if (scale < 1) g *= scale;
      optimizer_.update(piece, p, ConstVectorView<Scalar>(g.data(), length), rate, step, worker);
      if (shared()) return;
      if (averaging_) follow(first, length, step);
      for (auto& partial : slots.partial) partial.segment(first, length).setZero();
    });
    slots.cleared = !shared();
    if constexpr (may_share<Group>) {
      if (!shares_) return;
      shares_->gather(parameters_);
      // Every rank has the whole average, so that each ends with the result.
      const Chunks all{averaging_ ? parameters_.size() : 0, parameter_piece_size};
      parallel_for(all.pieces(), threads, [&](Index i, int) { follow(all.first(i), all.length(i), step); });
    }
  }

 private:
  bool shared() const { return static_cast<bool>(shares_); }

  /// Moves the average of some parameters towards them.
  void follow(Index first, Index length, Index step) {
    averaging_->update(segment(view(average_), first, length), segment(view(rounded_average_), first, length),
                       ConstVectorView<Scalar>(parameters_.data() + first, length), step);
  }

  void begin_average() {
    average_ = parameters_.template cast<double>();
    rounded_average_ = parameters_;
  }

  std::optional<ExponentialMovingAverage> averaging_;
  PiecewiseOptimizer<Method, Scalar> optimizer_;
  Vector<Scalar> parameters_;
  Vector<double> average_;
  Vector<Scalar> rounded_average_;  // the same as Scalar
  std::conditional_t<may_share<Group>, std::optional<ParameterShares<Scalar>>, std::nullptr_t> shares_{};
};

}  // namespace scorefield::detail
