/// A training run as a stepper: one step at a time, with the state in between to be looked at, kept and resumed.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/fingerprint.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/data/subset.hpp"
#include "scorefield/data/training_data.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/check_fit.hpp"
#include "scorefield/model/detail/check_scale.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/optimizer/concept.hpp"
#include "scorefield/training/detail/data_in_units.hpp"
#include "scorefield/training/detail/gradient.hpp"
#include "scorefield/training/detail/gradient_slots.hpp"
#include "scorefield/training/detail/run_settings.hpp"
#include "scorefield/training/detail/same_run.hpp"
#include "scorefield/training/detail/streamed_data.hpp"
#include "scorefield/training/detail/update.hpp"
#include "scorefield/training/minibatches.hpp"
#include "scorefield/training/progress.hpp"
#include "scorefield/training/training_options.hpp"
#include "scorefield/training/training_state.hpp"

namespace scorefield {

/// A step has three parts, each in its own file: the gradient of a batch, into fixed slots; their sum in order; and the
/// update. Ranks and threads take slots and pieces of the parameters, which changes the time and never a bit. Refers to
/// the model and the data. With a communicator, which must outlive the run, there are at most as many ranks as a batch
/// has slots, and every rank makes the same calls. What is not finite, and ranks that differ, are thrown on every rank
/// with the same words.
template <TrainableModel Model, Objective<Model> Loss, Optimizer Method, LearningRateSchedule Rate,
          CommunicatorPointer Group = std::nullptr_t>
class TrainingRun {
 public:
  using Scalar = typename Model::Scalar;

  /// any_scale: whether it takes data of any scale, which may be what makes a step fail that is to be looked at. Throws
  /// InvalidArgument for options, hyper-parameters and data that do not fit, and on every rank where they are not the
  /// same on all.
  TrainingRun(const Model& model, const TrainingData<Scalar>& data, Loss loss, Method method, Rate rate,
              const TrainingOptions& options, Group communicator = nullptr, bool any_scale = false)
      : TrainingRun(model, data, nullptr, std::move(loss), std::move(method), std::move(rate), options, communicator,
                    any_scale) {}

  /// A run over a stream: the program hands it the batch of each step, of at most batch_size samples. Throws like the
  /// above, and InvalidArgument unless its length is given in steps.
  TrainingRun(const Model& model, Loss loss, Method method, Rate rate, const TrainingOptions& options,
              Group communicator = nullptr)
      : TrainingRun(model,
                    std::make_shared<Stream>(model.dimension(), condition_size(model), validated(options).batch_size),
                    std::move(loss), std::move(method), std::move(rate), options, communicator) {}

  Index step() const { return step_; }
  Index steps() const { return steps_; }
  Index epoch() const { return batches_ ? batches_->epoch_of(std::max<Index>(step_ - 1, 0)) : 0; }
  bool done() const { return step_ == steps_; }

  /// Those that share the work; null where this process is alone.
  Group communicator() const { return communicator_; }
  /// Whether it is for this process to call callbacks and to write files.
  bool leads() const { return is_first_rank(communicator_); }

  /// Samples in the last step's batch; 0 where a run over a stream has made none.
  Index batch_length() const {
    return batches_ ? batches_->batch_length(std::max<Index>(step_ - 1, 0)) : stream_->size();
  }

  /// The mean loss over the last step's batch, before its update; 0 where this run has made no step.
  double loss() const { return mean_loss_; }
  /// The learning rate of the last step.
  double learning_rate() const { return learning_rate_; }
  /// What a run that stopped now would leave in the model.
  const Vector<Scalar>& result() const { return update_.result(); }
  /// What callbacks see.
  Progress<Scalar> progress() const {
    return {step(), steps(), epoch(), batch_length(), loss(), learning_rate(), result()};
  }

  /// One step of the optimizer. Throws InvalidArgument after the last one, and in a run over a stream; throws
  /// NonFinite, the run where it was, if a loss is not finite or the square of the gradient's norm overflows; and what
  /// the data throw where a sample cannot be had.
  void advance() {
    if (stream_)
      throw InvalidArgument("TrainingRun::advance", "a batch, for this is a run over a stream", "none",
                            "advance(batch), or trainer.start(model, data, options)");
    check_not_done();
    make_step(batches_->indices(step_));
  }

  /// The same with a batch of the program's own, in the data's units, in a run over a stream: a d x n matrix, {samples,
  /// conditions} of d x n and k x n, or Examples; n at most the batch_size of the options. It is looked at only
  /// meanwhile. The first batch is to have the scale that data have to have. Every rank passes the same batch, which
  /// gathered() makes of what each has simulated. Throws as above, the run where it was, and InvalidArgument or
  /// NonFinite for a batch that cannot be used.
  void advance(const Examples<Scalar>& batch) {
    if (!stream_)
      throw InvalidArgument("TrainingRun::advance", "no batch, for the run has its data", "one",
                            "advance(), or trainer.stream(model, options)");
    check_not_done();
    stream_->take("TrainingRun::advance", batch);
    if (!scale_is_checked_ && !has_units(gradient_.model())) check_scale(*stream_, gradient_.model());
    scale_is_checked_ = true;
    make_step(stream_->numbers());
  }

  /// Throws NonFinite, which names the parameter and the learning rate, where an update made one that is not finite.
  void check_finite() const {
    const auto parameters = view(update_.parameters());
    if (!parameters.allFinite())
      throw NonFinite(text("training step ", step_), "finite parameters after the update",
                      text(gradient_.worst_of(parameters), ", at a learning rate of ", learning_rate_),
                      "lower the learning rate, or clip the gradient");
  }

  /// Where the run stands, to be kept and resumed. Every rank calls it, for each has a share of the optimizer's state.
  TrainingState<Scalar> state() const {
    return {step_, steps_, update_.parameters(), update_.average(), update_.whole_state(), settings()};
  }

  /// All that a state must have been kept with, by name, but for the length.
  std::map<std::string, std::string> settings() const {
    detail::RunSettings all{{"batch_size", text(largest_batch())},
                            {detail::data_setting, data_setting()},
                            {"gradient_slots", text(options_.gradient_slots)},
                            {"scalar", std::same_as<Scalar, float> ? "float" : "double"},
                            {"seed", text(options_.seed.value)},
                            {"short_batches", options_.short_batches ? "true" : "false"}};
    if (options_.clip_norm) all["clip_norm"] = exact_text(*options_.clip_norm);
    if (options_.average) all[detail::average_setting] = exact_text(options_.average->decay);
    detail::add_model(all, gradient_.model());
    detail::add_policy(all, "objective", gradient_.loss());
    detail::add_policy(all, "optimizer", update_.method());
    detail::add_policy(all, "schedule", rate_);
    return all;
  }

  /// Goes on from where a run with the same options, objective, optimizer, schedule, model and data stood: every step
  /// from there on has the bits that it would have had. What may differ: threads and ranks; the length, where the
  /// learning rates of the steps that are done are the same in a run of this one; and an average may be asked for that
  /// was not kept, which then begins with the state's parameters. Throws InvalidArgument, the run as it was, for all
  /// else, which it names, and for more steps than steps(); NonFinite unless the state's numbers are finite. Parts of
  /// the user's own that do not tell their settings are for the caller to keep the same. Throws InvalidArgument on
  /// every rank where not all of them were given the same state.
  void resume(const TrainingState<Scalar>& state) {
    const auto check = [&]<Real Number>(const Vector<Number>& vector) {
      if (vector.size() != result().size())
        throw InvalidArgument("TrainingRun::resume", text(result().size(), " parameters"), text(vector.size()),
                              "resume with the network that the state was kept of");
      if (!vector.allFinite())
        throw NonFinite("TrainingRun::resume", "finite numbers", "a NaN or an infinity", "take an earlier state");
    };
    if (state.step < 0 || state.step > steps_)
      throw InvalidArgument("TrainingRun::resume", text("at most the ", steps_, " steps of this run"), text(state.step),
                            "ask for more steps in all");
    detail::check_settings(state.settings, settings());
    for (Index k = state.step - 1; k >= 0 && state.steps != steps_; --k)
      if (rate_.factor(k, state.steps) != rate_.factor(k, steps_))
        detail::refuse_setting("steps", text(state.steps), text(steps_));
    if (state.optimizer.size() != Method::state_vectors)
      throw InvalidArgument("TrainingRun::resume", text("an optimizer with ", Method::state_vectors, " state vectors"),
                            text(state.optimizer.size()), "resume with the same optimizer");
    check(state.parameters);
    if (state.average.size() > 0) check(state.average);
    for (const auto& vector : state.optimizer) check(vector);
    if constexpr (may_share<Group>)
      if (communicator_) check_same_state(state);
    step_ = state.step;
    learning_rate_ = step_ > 0 ? update_.method().learning_rate * rate_.factor(step_ - 1, steps_) : 0;
    update_.resume(state.parameters, state.average, state.optimizer);
  }

 private:
  using Stream = detail::StreamedData<Scalar>;

  TrainingRun(const Model& model, const std::shared_ptr<Stream>& stream, Loss loss, Method method, Rate rate,
              const TrainingOptions& options, Group communicator)
      : TrainingRun(model, *stream, stream, std::move(loss), std::move(method), std::move(rate), options, communicator,
                    true) {}

  /// stream: the data, if they are one, or null.
  TrainingRun(const Model& model, const TrainingData<Scalar>& data, std::shared_ptr<Stream> stream, Loss loss,
              Method method, Rate rate, const TrainingOptions& options, Group communicator, bool any_scale)
      : data_(data),
        stream_(std::move(stream)),
        seen_(seen(data, model, any_scale)),
        rate_(std::move(rate)),
        options_(validated(options)),
        batches_(batches()),
        steps_(checked_steps()),
        threads_(static_cast<int>(std::min<Index>(resolve_threads(options.threads), options.gradient_slots))),
        communicator_(of_several(communicator)),
        slots_(slots_of(model), model.parameters().size(), own_slots(model)),
        gradient_(model, seen_ ? *seen_ : data_, std::move(loss), options.seed, largest_batch(), slots_.count(),
                  threads_, communicator_),
        update_(model, std::move(method), options.average, threads_) {
    rate_.validate();
    if constexpr (may_share<Group>) {
      if (!communicator_) return;
      auto all = settings();
      Fingerprint parameters;
      parameters.add(model.parameters());
      all["parameters"] = text("of fingerprint ", parameters.value());
      all["steps"] = text(steps_);
      detail::check_same_run(*communicator_, all);
      update_.share_out(*communicator_, slots_.all);
    }
  }

  void check_not_done() const {
    if (done())
      throw InvalidArgument("TrainingRun::advance", "a run that is not done", text("one after its ", steps_, " steps"),
                            "loop while (!run.done())");
  }

  /// A step with the samples of these numbers.
  void make_step(std::span<const Index> indices) {
    const double square = compute_gradient(indices);
    learning_rate_ = update_.method().learning_rate * rate_.factor(step_, steps_);
    ++step_;
    update_.move(slots_, detail::clip_factor(options_.clip_norm, square), learning_rate_, step_, sharing_threads());
  }

  void check_same_state(const TrainingState<Scalar>& state) const {
    Fingerprint of;
    of.add(state.parameters);
    of.add(state.average);
    for (const auto& vector : state.optimizer) of.add(vector);
    detail::check_same_run(*communicator_,
                           {{"a state", text("after step ", state.step, ", of fingerprint ", of.value())}});
  }

  /// The first two parts of a step. Returns the square of the gradient's norm.
  double compute_gradient(std::span<const Index> indices) {
    const auto parameters = view(update_.parameters());
    try {
      const double mean_loss = gradient_.compute(parameters, indices, step_, slots_, learning_rate_);
      const double square = update_.reduce(slots_, sharing_threads());
      if (!std::isfinite(square)) gradient_.throw_overflow(parameters, indices, step_, learning_rate_);
      mean_loss_ = mean_loss;
      return square;
    } catch (const NonFinite&) {
      check_finite();  // what the update before is at fault for is no gradient's
      throw;
    }
  }

  static bool has_units(const Model& model) {
    if constexpr (detail::HasUnits<Model>) return model.units().dimension() > 0;
    return false;
  }

  /// The data in the model's units; nothing where they are in these.
  static std::shared_ptr<const TrainingData<Scalar>> seen(const TrainingData<Scalar>& data, const Model& model,
                                                          bool any_scale) {
    detail::check_fit("TrainingRun", data, model);
    if constexpr (detail::HasUnits<Model>)
      if (has_units(model)) {
        if (const auto* const whole = data.in_memory())
          return std::make_shared<const Dataset<Scalar>>(model.units().to_model(*whole));
        using Units = std::remove_cvref_t<decltype(model.units())>;
        return std::make_shared<const detail::DataInUnits<Scalar, Units>>(data, model.units());
      }
    if (!any_scale) check_scale(data, model);
    return nullptr;
  }

  /// Looks at a thousand samples of data that are not in memory.
  static void check_scale(const TrainingData<Scalar>& data, const Model& model) {
    if (const auto* const whole = data.in_memory())
      detail::check_scale("TrainingRun", *whole, model);
    else
      detail::check_scale("TrainingRun", subset(data, 1000), model);
  }

  std::string data_setting() const {
    if (stream_) return "a stream";
    if (!data_fingerprint_) data_fingerprint_ = data_.fingerprint();
    return text("of fingerprint ", *data_fingerprint_);
  }

  std::optional<Minibatches> batches() const {
    if (stream_) return {};
    return Minibatches(data_.size(), options_.batch_size, options_.seed, options_.short_batches);
  }

  Index largest_batch() const { return batches_ ? batches_->batch_size() : options_.batch_size; }

  static const TrainingOptions& validated(const TrainingOptions& options) {
    options.validate();
    return options;
  }

  /// Of a batch, on all ranks.
  Index slots_of(const Model& model) const {
    return std::min(Chunks{largest_batch(), model.chunk_size()}.pieces(), options_.gradient_slots);
  }

  /// Those that this process computes.
  std::optional<Range> own_slots(const Model& model) const {
    if constexpr (may_share<Group>)
      if (communicator_) {
        const Index slots = slots_of(model);
        if (const int size = communicator_->size(); size > slots)
          throw InvalidArgument(
              "TrainingRun",
              text("at most ", slots, slots == 1 ? " rank" : " ranks", ", as many as a batch has gradient slots"),
              text(size),
              text("start fewer ranks; or ask for a batch_size of ", model.chunk_size() * (size - 1) + 1, " or more",
                   options_.gradient_slots < size ? text(" and gradient_slots of ", size) : std::string(),
                   ", which decides bits"));
        return rank_range(slots, communicator_->rank(), communicator_->size());
      }
    return {};
  }

  /// A single rank shares nothing.
  static Group of_several(Group communicator) {
    if constexpr (may_share<Group>)
      if (communicator && communicator->size() == 1) return nullptr;
    return communicator;
  }

  Index checked_steps() const {
    const bool in_epochs = options_.epochs > 0;
    if (stream_ && (in_epochs || options_.short_batches))
      throw InvalidArgument("TrainingOptions", "steps and no short_batches, for a stream has no epochs",
                            text("epochs ", options_.epochs, options_.short_batches ? " and short_batches" : ""),
                            "give the length of the run in steps; a batch may have fewer samples than batch_size");
    const Index asked = in_epochs ? options_.epochs : options_.steps;
    const Index most = !batches_ ? most_steps_of_a_run : in_epochs ? batches_->most_epochs() : batches_->most_steps();
    if (asked > most)
      throw InvalidArgument("TrainingOptions", text("at most ", most, in_epochs ? " epochs" : " steps"), text(asked),
                            "let a callback stop the run");
    return in_epochs ? batches_->steps_of(asked) : asked;
  }

  /// Threads for the sum and the update. Where a batch is one slot of few parameters, all is in the cache of one
  /// thread, and a few pieces take less time than their way to another's; matrices are work enough to share.
  int sharing_threads() const {
    const bool alone = slots_.all == 1 && slots_.pieces().pieces() < 32 && !MatrixOptimizer<Method>;
    return alone ? 1 : threads_;
  }

  const TrainingData<Scalar>& data_;
  std::shared_ptr<Stream> stream_;  // the data, if they are one
  std::shared_ptr<const TrainingData<Scalar>> seen_;
  Rate rate_;
  TrainingOptions options_;
  std::optional<Minibatches> batches_;  // nothing of a stream
  Index steps_;
  int threads_;
  Group communicator_;
  detail::GradientSlots<Scalar> slots_;
  detail::BatchGradient<Model, Loss, Group> gradient_;
  detail::ParameterUpdate<Method, Scalar, Group> update_;

  Index step_ = 0;
  double mean_loss_ = 0;
  double learning_rate_ = 0;
  bool scale_is_checked_ = false;                          // of a stream
  mutable std::optional<std::uint64_t> data_fingerprint_;  // computed when a state is asked for, for the first time
};

}  // namespace scorefield
