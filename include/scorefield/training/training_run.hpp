/// A training run as a stepper: one step at a time, with the state in between to be looked at.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/minibatches.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/optimizer/concept.hpp"
#include "scorefield/optimizer/moving_average.hpp"
#include "scorefield/optimizer/training_state.hpp"
#include "scorefield/training/update_units.hpp"

namespace scorefield {

/// How long and in which way to train.
struct TrainingOptions {
  Index epochs = 0;  // passes over the data; give this or steps
  Index steps = 0;
  Index batch_size = 256;
  std::uint64_t seed = 0;
  int threads = 0;                                       // 0: all, up to 8; never changes a bit of the result
  std::optional<double> clip_norm = {};                  // largest Euclidean norm of a step's gradient
  std::optional<ExponentialMovingAverage> average = {};  // the model ends with the averaged parameters
};

/// The batch is cut into chunks of columns, whose gradients add up to at most eight partial gradients, in order, and
/// these to the gradient, so that bits do not depend on the threads. Eight is also the most threads that help. Refers
/// to the model and the data.
template <TrainableModel Model, Objective<Model> Loss, Optimizer Method, LearningRateSchedule Rate>
class TrainingRun {
 public:
  using Scalar = typename Model::Scalar;

  TrainingRun(const Model& model, const Dataset<Scalar>& data, Loss loss, Method method, Rate rate,
              const TrainingOptions& options)
      : model_(model),
        data_(data),
        loss_(std::move(loss)),
        rate_(std::move(rate)),
        options_(validated(options)),
        batches_(data.size(), options.batch_size, Seed{options.seed}),
        steps_(steps_of(options, batches_)),
        threads_(std::min(resolve_threads(options.threads), most_partial_gradients)),
        optimizer_(std::move(method), model, threads_),
        chunks_{batches_.batch_size(), model.chunk_size()},
        parameters_(model.parameters()),
        average_(model.parameters()),
        batch_(data.dimension(), batches_.batch_size()),
        losses_(batches_.batch_size()) {
    if (data.dimension() != model.dimension())
      throw InvalidArgument("Trainer::fit", text("samples of ", model.dimension(), " numbers, as the model has"),
                            text(data.dimension(), " x ", data.size(), " data"),
                            "a column is a sample: transpose data whose rows are samples");
    rate_.validate();
    partial_gradients_.assign(static_cast<std::size_t>(std::min<Index>(chunks_.pieces(), most_partial_gradients)),
                              Vector<Scalar>(parameters_.size()));
    norms_.resize(static_cast<std::size_t>(pieces().pieces()));
    for (int i = 0; i < threads_; ++i) workspaces_.push_back(loss_.workspace(model_));
  }

  Index step() const { return step_; }
  Index steps() const { return steps_; }
  Index epoch() const { return batches_.epoch_of(std::max<Index>(step_ - 1, 0)); }
  bool done() const { return step_ == steps_; }

  /// The mean loss over the last step's batch, before its update.
  double loss() const { return mean_loss_; }
  /// Of the last step.
  double learning_rate() const { return learning_rate_; }
  /// What a run that stopped now would leave in the model.
  const Vector<Scalar>& result() const { return options_.average ? average_ : parameters_; }

  /// Where the run stands, to be kept and resumed.
  TrainingState<Scalar> state() const {
    return {step_, parameters_, average_,
            std::vector<Vector<Scalar>>(optimizer_.state.begin(), optimizer_.state.end())};
  }

  /// Goes on from where a run with the same options, model and data stood: every step from there on has the bits that
  /// it would have had. Throws InvalidArgument, the run as it was, unless the state is one of this model and optimizer
  /// with at most steps() steps, NonFinite unless its numbers are finite.
  void resume(const TrainingState<Scalar>& state) {
    const auto check = [&](const Vector<Scalar>& vector) {
      if (vector.size() != parameters_.size())
        throw InvalidArgument("TrainingRun::resume", text(parameters_.size(), " parameters"), text(vector.size()),
                              "resume with the network that the state was kept of");
      if (!vector.allFinite())
        throw NonFinite("TrainingRun::resume", "finite numbers", "a NaN or an infinity", "take an earlier state");
    };
    if (state.step < 0 || state.step > steps_)
      throw InvalidArgument("TrainingRun::resume", text("at most the ", steps_, " steps of this run"), text(state.step),
                            "ask for more steps in all");
    if (state.optimizer.size() != optimizer_.state.size())
      throw InvalidArgument("TrainingRun::resume",
                            text("an optimizer with ", optimizer_.state.size(), " state vectors"),
                            text(state.optimizer.size()), "resume with the same optimizer");
    check(state.parameters);
    check(state.average);
    for (const auto& vector : state.optimizer) check(vector);
    step_ = state.step;
    parameters_ = state.parameters;
    average_ = state.average;
    std::copy(state.optimizer.begin(), state.optimizer.end(), optimizer_.state.begin());
  }

  /// One step of the optimizer. Throws InvalidArgument after the last one; throws NonFinite, the run where it was, if a
  /// loss is not finite or the norm to clip overflows.
  void advance() {
    if (done())
      throw InvalidArgument("TrainingRun::advance", "a run that is not done", text("one after its ", steps_, " steps"),
                            "loop while (!run.done())");
    const auto indices = batches_.indices(step_);
    const auto n = static_cast<Index>(indices.size());
    const Chunks chunks{n, chunks_.size};
    const auto parts = static_cast<Index>(partial_gradients_.size());

    const bool cleared = std::exchange(cleared_, false);
    parallel_for(parts, threads_, [&](Index part, int worker) {
      auto& gradient = partial_gradients_[static_cast<std::size_t>(part)];
      if (!cleared) gradient.setZero();
      for (Index i = part * chunks.pieces() / parts; i < (part + 1) * chunks.pieces() / parts; ++i) {
        const Index first = chunks.first(i), length = chunks.length(i);
        for (Index j = first; j < first + length; ++j)
          batch_.col(j) = data_.samples().col(indices[static_cast<std::size_t>(j)]);
        loss_.loss_and_gradient(model_, view(std::as_const(parameters_)), columns(std::as_const(batch_), first, length),
                                Draw{Seed{options_.seed}, first, step_}, n, segment(view(losses_), first, length),
                                view(gradient), workspaces_[static_cast<std::size_t>(worker)]);
      }
    });
    const double mean_loss = mean_of_losses(n, indices);
    const Scalar scale = options_.clip_norm ? clip_scale() : 1;
    mean_loss_ = mean_loss;
    learning_rate_ = optimizer_.method().learning_rate * rate_.factor(step_, steps_);
    ++step_;
    update(scale);
    cleared_ = true;
  }

 private:
  static TrainingOptions validated(const TrainingOptions& options) {
    if (options.epochs < 0 || options.steps < 0 || (options.epochs > 0) == (options.steps > 0))
      throw InvalidArgument("TrainingOptions", "exactly one of epochs and steps to be positive",
                            text("epochs ", options.epochs, " and steps ", options.steps), "set one of them");
    if (options.clip_norm && !(*options.clip_norm > 0))
      throw InvalidArgument("TrainingOptions", "a positive clip_norm", text(*options.clip_norm),
                            "leave it out to not clip");
    if (options.average) options.average->validate();
    return options;
  }

  static Index steps_of(const TrainingOptions& options, const Minibatches& batches) {
    constexpr auto most = std::min<std::int64_t>(most_steps, std::numeric_limits<Index>::max());
    const Index each = options.epochs > 0 ? batches.steps_per_epoch() : 1;
    const Index times = options.epochs > 0 ? options.epochs : options.steps;
    if (times > most / each)
      throw InvalidArgument("TrainingOptions", text("at most ", most, " steps"), text(times, " times ", each),
                            "let a callback stop the run");
    return times * each;
  }

  static constexpr int most_partial_gradients = 8;

  /// In which the norm of the gradient is added up.
  Chunks pieces() const { return {parameters_.size(), detail::update_unit_size}; }
  /// Where one thread alone worked on the batch, all is in its cache, and a few pieces take less time than their way to
  /// another's; matrices are work enough to share.
  int update_threads() const {
    const bool alone = partial_gradients_.size() == 1 && pieces().pieces() < 32 && !MatrixOptimizer<Method>;
    return alone ? 1 : threads_;
  }

  double mean_of_losses(Index n, std::span<const Index> indices) const {
    double sum = 0;
    for (Index j = 0; j < n; ++j) {
      if (!std::isfinite(losses_(j)))
        throw NonFinite(text("training step ", step_ + 1), "a finite loss",
                        text(losses_(j), " for sample ", indices[static_cast<std::size_t>(j)]),
                        "lower the learning rate, clip the gradient, or scale the data to a deviation of about 1");
      sum += static_cast<double>(losses_(j));
    }
    return sum / static_cast<double>(n);
  }

  /// The sum of the partial gradients of [first, first + count), in place of the first of them.
  VectorView<Scalar> add_up(Index first, Index count) {
    const auto of = [&](std::size_t part) { return segment(view(partial_gradients_[part]), first, count); };
    for (std::size_t part = 1; part < partial_gradients_.size(); ++part) of(0) += of(part);
    return of(0);
  }

  /// Adds up the gradient; returns what it is to be multiplied by so that its norm is at most clip_norm. Pascanu et al.
  /// 2013, arXiv:1211.5063.
  Scalar clip_scale() {
    parallel_for(pieces().pieces(), update_threads(), [&](Index i, int) {
      norms_[static_cast<std::size_t>(i)] =
          add_up(pieces().first(i), pieces().length(i)).template cast<double>().squaredNorm();
    });
    double square = 0;
    for (const double norm : norms_) square += norm;
    if (!std::isfinite(square))
      throw NonFinite(text("training step ", step_ + 1), "a finite gradient", "one that overflows",
                      "lower the learning rate, or scale the data to a deviation of about 1");
    return static_cast<Scalar>(std::min(1.0, *options_.clip_norm / std::sqrt(square)));
  }

  /// Moves the parameters and clears the partial gradients, unit by unit while they are in the cache.
  void update(Scalar scale) {
    const auto& units = optimizer_.units();
    parallel_for(static_cast<Index>(units.size()), update_threads(), [&](Index i, int worker) {
      const auto& unit = units[static_cast<std::size_t>(i)];
      const Index first = unit.first, length = unit.size();
      const auto p = segment(view(parameters_), first, length);
      auto g = options_.clip_norm ? segment(view(partial_gradients_.front()), first, length) : add_up(first, length);
      if (scale < 1) g *= scale;
      optimizer_.update(unit, p, ConstVectorView<Scalar>(g.data(), length), learning_rate_, step_, worker);
      if (options_.average)
        options_.average->update(segment(view(average_), first, length), ConstVectorView<Scalar>(p.data(), length),
                                 step_);
      for (auto& part : partial_gradients_) part.segment(first, length).setZero();
    });
  }

  const Model& model_;
  const Dataset<Scalar>& data_;
  Loss loss_;
  Rate rate_;
  TrainingOptions options_;
  Minibatches batches_;
  Index steps_;
  int threads_;
  detail::UpdateUnits<Method, Scalar> optimizer_;
  Chunks chunks_;  // of a full batch

  Index step_ = 0;
  double mean_loss_ = 0;
  double learning_rate_ = 0;
  Vector<Scalar> parameters_, average_;

  Matrix<Scalar> batch_;
  Vector<Scalar> losses_;
  std::vector<Vector<Scalar>> partial_gradients_;
  bool cleared_ = false;  // whether these are zero
  std::vector<double> norms_;
  std::vector<decltype(std::declval<const Loss&>().workspace(std::declval<const Model&>()))> workspaces_;
};

}  // namespace scorefield
