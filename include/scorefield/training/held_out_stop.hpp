/// HeldOutStop: early stopping by the loss on held-out data, with the parameters that were best there.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/objective/mean_loss.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

struct HeldOutStopOptions {
  Index every = 500;   // steps between two looks at the held-out data
  double rise = 0.05;  // a run is stopped when the loss there is higher than the least by this part of it
  int draws = 8;       // of noise and time for each held-out sample; the same at every look
  int threads = 0;     // 0: all; never changes a result
};

/// A callback for few data, which a network soon learns by heart. It computes the mean loss of what the run would end
/// with on data that are not trained on, every few steps and at the last one, and stops a run that gets worse there. It
/// is patient with one that only gets no better: that may come when the learning rate falls. Afterwards parameters()
/// has the best:
///   HeldOutStop best{model, held_out, objective};
///   trainer.fit(model, data, options, best);
///   model.set_parameters(best.parameters());
template <TrainableModel Model, Objective<Model> Loss>
class HeldOutStop {
 public:
  using Scalar = typename Model::Scalar;

  /// Keeps copies of all; of the model only the parameters do not count. Throws InvalidArgument for options that are
  /// out of range, and where the data do not fit the model.
  HeldOutStop(Model model, Dataset<Scalar> held_out, Loss objective, const HeldOutStopOptions& options = {})
      : model_(std::move(model)), held_out_(std::move(held_out)), objective_(std::move(objective)), options_(options) {
    const auto& [every, rise, draws, threads] = options_;
    if (every < 1 || !(rise >= 0) || draws < 1)
      throw InvalidArgument("HeldOutStop", "every and draws from 1 on, and a rise from 0 on",
                            text(every, ", ", draws, " and ", rise), "500, 8 and 0.05 are usual");
    loss();
    best_parameters_ = model_.parameters();
  }

  Next operator()(const Progress<Scalar>& progress) {
    if (progress.step == 1) best_loss_ = std::numeric_limits<double>::infinity(), best_step_ = 0;  // a new run begins
    if (progress.step % options_.every != 0 && progress.step != progress.steps) return Next::proceed;
    model_.set_parameters(progress.parameters);
    const double now = loss();
    if (now < best_loss_) {
      best_loss_ = now;
      best_step_ = progress.step;
      best_parameters_ = progress.parameters;
    }
    return now > (1 + options_.rise) * best_loss_ ? Next::stop : Next::proceed;
  }

  /// Those with the least held-out loss; before the first look the model's own.
  const Vector<Scalar>& parameters() const { return best_parameters_; }
  /// The least held-out loss; infinite before the first look.
  double best_loss() const { return best_loss_; }
  /// The step after which it was; 0 before the first look.
  Index best_step() const { return best_step_; }

  /// Tells where it stands, to be kept with its run.
  Vector<double> state() const {
    Vector<double> all(2 + best_parameters_.size());
    all << best_loss_, static_cast<double>(best_step_), best_parameters_.template cast<double>();
    return all;
  }

  /// Goes on from there with the run. Throws InvalidArgument, as it was, for what is no state of such a model's.
  void resume(const Vector<double>& state) {
    if (state.size() != 2 + best_parameters_.size() || !(state(1) >= 0 && state(1) <= 1e15))
      throw InvalidArgument("HeldOutStop::resume", text("a loss, a step and ", best_parameters_.size(), " parameters"),
                            text(state.size(), " numbers"), "resume what was kept, with the same network");
    best_loss_ = state(0);
    best_step_ = static_cast<Index>(state(1));
    best_parameters_ = state.tail(best_parameters_.size()).template cast<Scalar>();
  }

 private:
  double loss() const {
    double sum = 0;
    for (int draw = 0; draw < options_.draws; ++draw)
      sum += mean_loss(objective_, model_, held_out_, Seed{static_cast<std::uint64_t>(draw)}, options_.threads);
    return sum / options_.draws;
  }

  Model model_;
  Dataset<Scalar> held_out_;
  Loss objective_;
  HeldOutStopOptions options_;
  double best_loss_ = std::numeric_limits<double>::infinity();
  Index best_step_ = 0;
  Vector<Scalar> best_parameters_;
};

}  // namespace scorefield
