/// The trainer: objective, optimizer and learning-rate schedule, and the training loop.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/training_data.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/optimizer/concept.hpp"
#include "scorefield/optimizer/learning_rate.hpp"
#include "scorefield/training/progress.hpp"
#include "scorefield/training/training_run.hpp"

namespace scorefield {

/// An objective, an optimizer and a learning-rate schedule: Trainer{DenoisingScoreMatching{}, Adam{}, CosineRate{}}.
template <class Loss, class Method, class Rate = ConstantRate, CommunicatorPointer Group = std::nullptr_t>
class Trainer {
  static_assert(Optimizer<Method>,
                "Trainer: the second argument is an optimizer, with learning_rate, state_vectors, validate and update; "
                "scorefield/optimizer/concept.hpp says what is missing, optimizer/sgd.hpp shows one");
  static_assert(LearningRateSchedule<Rate>,
                "Trainer: the third argument is a learning-rate schedule, with factor and validate; "
                "scorefield/optimizer/concept.hpp says what is missing, optimizer/learning_rate.hpp shows one");

  template <class Model>
  struct Arguments {
    static_assert(
        TrainableModel<Model>,
        "Trainer::fit: the first argument is a model that can be learnt; scorefield/model/concept.hpp says what "
        "is missing, model/score_model.hpp shows one");
    static_assert(Objective<Loss, Model>,
                  "Trainer::fit: the first argument of the trainer is an objective, with workspace, loss and "
                  "loss_and_gradient; scorefield/objective/concept.hpp says what is missing, "
                  "objective/denoising_score_matching.hpp shows one");
  };

 public:
  explicit Trainer(Loss loss, Method method, Rate rate = {})
      : loss_(std::move(loss)), method_(std::move(method)), rate_(std::move(rate)) {}

  /// The same trainer, of runs whose steps these ranks share, with the bits of one process alone: at most as many ranks
  /// as a batch has gradient slots, which their threads share in turn. Null: this process alone. The communicator must
  /// outlive the runs.
  Trainer<Loss, Method, Rate, Communicator*> over(Communicator* communicator) const {
    Trainer<Loss, Method, Rate, Communicator*> shared(loss_, method_, rate_);
    shared.communicator_ = communicator;
    return shared;
  }
  /// The trainer of a program that has no ranks, which compiles nothing for them.
  Trainer<Loss, Method, Rate> over(std::nullptr_t) const { return Trainer<Loss, Method, Rate>(loss_, method_, rate_); }

  /// Those that share the steps; null where this process is alone.
  Group communicator() const { return communicator_; }

  /// Starts a run that is advanced step by step. The model and the data must outlive it; the model does not change.
  template <class Model>
  auto start(const Model& model, const TrainingData<typename Model::Scalar>& data,
             const TrainingOptions& options) const {
    [[maybe_unused]] const Arguments<Model> checked;
    return TrainingRun<Model, Loss, Method, Rate, Group>(model, data, loss_, method_, rate_, options, communicator_);
  }

  /// Starts a run over a stream, as of a simulation that goes on meanwhile: run.advance(batch) makes a step with a
  /// batch of the program's own. options.steps is its length, options.batch_size the most samples of a batch. The model
  /// must outlive it and does not change: model.set_parameters(run.result()) ends it.
  template <class Model>
  auto stream(const Model& model, const TrainingOptions& options) const {
    [[maybe_unused]] const Arguments<Model> checked;
    return TrainingRun<Model, Loss, Method, Rate, Group>(model, loss_, method_, rate_, options, communicator_);
  }
  template <class Model>
  void stream(const Model&&, const TrainingOptions&) const {
    static_assert(!TrainableModel<Model>, "Trainer::stream: the run would outlive the model; give it a name");
  }

  /// Data or a model made on the spot, as data from a matrix, would be gone before the first step: give it a name.
  template <class Model>
  void start(const Model&, const Dataset<typename Model::Scalar>&&, const TrainingOptions&) const {
    static_assert(!TrainableModel<Model>,
                  "Trainer::start: the run would outlive the data that are made here; give the Dataset a name, as in "
                  "const sf::Dataset data{matrix};");
  }
  template <class Model>
  void start(const Model&, const TrainingData<typename Model::Scalar>&&, const TrainingOptions&) const = delete;
  template <class Model>
  void start(const Model&&, const TrainingData<typename Model::Scalar>&, const TrainingOptions&) const {
    static_assert(!TrainableModel<Model>, "Trainer::start: the run would outlive the model; give it a name");
  }

  /// Trains the model and leaves the run's result in it: the moving average of the parameters where the options ask for
  /// one. Each callback is called after every step and may stop the run; a Checkpoint keeps it. Throws InvalidArgument
  /// for options and data that do not fit, NonFinite if the loss becomes so; the model is then as it was. Where ranks
  /// share the work, all call it with the same arguments and end with the same result. Callbacks are then called on
  /// rank 0 alone, but for a Checkpoint, and those of other ranks stay as they were: what they found there,
  /// of_first_rank() tells the others.
  template <class Model, class... Callbacks>
  void fit(Model& model, const TrainingData<typename Model::Scalar>& data, const TrainingOptions& options,
           Callbacks&&... callbacks) const {
    [[maybe_unused]] const Arguments<Model> checked;
    auto run = start(model, data, options);
    RunParts<decltype(run), Model, std::remove_reference_t<Callbacks>...> parts{run, model, {callbacks...}};
    for_each_keeper([&](auto& keeper) { keeper.begin(parts); }, callbacks...);
    finish(model, data, parts);
  }

  /// Does the same with a data set that is made for it, as of {samples, conditions}.
  template <class Model, class... Callbacks>
  void fit(Model& model, const Dataset<typename Model::Scalar>& data, const TrainingOptions& options,
           Callbacks&&... callbacks) const {
    fit(model, as_training_data(data), options, std::forward<Callbacks>(callbacks)...);
  }

  /// Does the same with any other Eigen expression, of which a matrix is made.
  template <class Model, class Derived, class... Callbacks>
  void fit(Model& model, const Eigen::MatrixBase<Derived>& samples, const TrainingOptions& options,
           Callbacks&&... callbacks) const {
    static_assert(std::same_as<typename Derived::Scalar, typename Model::Scalar>,
                  "Trainer::fit: data are of the model's scalar, float or double; samples.cast<float>() makes them so");
    fit(model, Dataset<typename Model::Scalar>(samples), options, std::forward<Callbacks>(callbacks)...);
  }

  /// Does the same with a matrix, d x n, that is looked at where it is and not copied.
  template <class Model, class... Callbacks>
  void fit(Model& model, const std::same_as<Matrix<typename Model::Scalar>> auto& samples,
           const TrainingOptions& options, Callbacks&&... callbacks) const {
    fit(model, Dataset<typename Model::Scalar>::view_of(samples), options, std::forward<Callbacks>(callbacks)...);
  }

  /// Goes on with a run that the Checkpoint among the callbacks kept, and ends as fit would have, to the last bit: the
  /// arguments are those of fit. Throws InvalidArgument for what may not have changed since, by name, and as fit does.
  template <class Model, class... Callbacks>
  void resume(Model& model, const TrainingData<typename Model::Scalar>& data, const TrainingOptions& options,
              Callbacks&&... callbacks) const {
    auto run = start(model, data, options);
    RunParts<decltype(run), Model, std::remove_reference_t<Callbacks>...> parts{run, model, {callbacks...}};
    restore(parts, callbacks...);
    finish(model, data, parts);
  }

  template <class Model, class... Callbacks>
  void resume(Model& model, const Dataset<typename Model::Scalar>& data, const TrainingOptions& options,
              Callbacks&&... callbacks) const {
    resume(model, as_training_data(data), options, std::forward<Callbacks>(callbacks)...);
  }

  /// Looks for the step that stopped a run: goes on from what the Checkpoint kept, without keeping anything, until that
  /// step throws once more what it threw. The model does not change. The data may be others than those of the run,
  /// since it may be that they were changed under it; but where no step throws, and they are others, it throws
  /// InvalidArgument, since it says nothing then. Returns where no step of the run throws.
  template <class Model, class... Callbacks>
  void replay(const Model& model, const TrainingData<typename Model::Scalar>& data, const TrainingOptions& options,
              Callbacks&&... callbacks) const {
    [[maybe_unused]] const Arguments<Model> checked;
    TrainingRun<Model, Loss, Method, Rate, Group> run(model, data, loss_, method_, rate_, options, communicator_, true);
    RunParts<decltype(run), const Model> parts{.run = run, .model = model, .callbacks = {}, .same_data = false};
    restore(parts, callbacks...);
    while (!run.done()) {
      run.advance();
      run.check_finite();
    }
    parts.same_data = true;
    restore(parts, callbacks...);
  }
  template <class Model, class... Callbacks>
  void replay(const Model& model, const Dataset<typename Model::Scalar>& data, const TrainingOptions& options,
              Callbacks&&... callbacks) const {
    replay(model, as_training_data(data), options, std::forward<Callbacks>(callbacks)...);
  }

 private:
  template <Real Scalar>
  static const TrainingData<Scalar>& as_training_data(const Dataset<Scalar>& data) {
    return data;
  }

  template <class F, class... Callbacks>
  static void for_each_keeper(const F& f, Callbacks&... callbacks) {
    [[maybe_unused]] const auto call = [&](auto& callback) {
      if constexpr (RunKeeper<std::remove_reference_t<decltype(callback)>>) f(callback);
    };
    (call(callbacks), ...);
  }

  template <class Parts, class... Callbacks>
  static void restore(Parts& parts, Callbacks&... callbacks) {
    static_assert((0 + ... + int{RunKeeper<std::remove_const_t<Callbacks>>}) == 1,
                  "Trainer::resume and replay: one of the callbacks is the Checkpoint that kept the run");
    for_each_keeper([&](auto& keeper) { keeper.restore(parts); }, callbacks...);
  }

  /// All steps that are left; then the run's result is the model's.
  template <class Run, class Model, class... Callbacks>
  static void finish(Model& model, const TrainingData<typename Model::Scalar>& data,
                     RunParts<Run, Model, Callbacks...>& parts) {
    static_assert(((RunKeeper<Callbacks> || TrainingCallback<Callbacks, typename Model::Scalar>)&&...),
                  "Trainer::fit: a callback is called with a const Progress<Scalar>& and returns nothing, or a Next");
    auto& run = parts.run;
    bool paused = false;
    while (!run.done() && !parts.over && !paused) {
      run.advance();
      [[maybe_unused]] const auto progress = run.progress();
      Next next = Next::proceed;
      [[maybe_unused]] const auto note = [&](Next said) { next = std::max(next, said); };
      [[maybe_unused]] const auto call = [&]<class C>(C& callback) {
        if constexpr (RunKeeper<C>)
          return;
        else if constexpr (std::same_as<decltype(callback(progress)), Next>)
          note(callback(progress));
        else
          callback(progress);
      };
      if (run.leads()) std::apply([&](auto&... callbacks) { (call(callbacks), ...); }, parts.callbacks);
      next = of_first_rank(run.communicator(), next);
      parts.over = next == Next::stop;
      paused = next == Next::pause;
      // Afterwards, for what is kept of the callbacks is how they stand after the same step.
      std::apply(
          [&](auto&... callbacks) {
            for_each_keeper(
                [&](auto& keeper) {
                  if (keeper.due(run.step()) || run.done() || parts.over || paused) keeper.keep(parts);
                },
                callbacks...);
          },
          parts.callbacks);
    }
    run.check_finite();
    model.set_parameters(run.result());
    if constexpr (requires { model.set_trained_on(data.fingerprint()); }) model.set_trained_on(data.fingerprint());
  }

  Loss loss_;
  Method method_;
  Rate rate_;
  Group communicator_ = nullptr;

  template <class, class, class, CommunicatorPointer>
  friend class Trainer;
};

}  // namespace scorefield
