/// Early stopping by the loss on held-out data, which keeps the best parameters.
#pragma once

#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/model/detail/check_fit.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/objective/mean_loss.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

struct HeldOutOptions {
  Index every = 200;  // steps between two looks
  /// The run ends where the loss is above the least by this part of it. One that gets no better is waited for: it may
  /// fall with the learning rate.
  double rise = 0.05;
  Seed seed = 0;    // of noise and times, which are the same in all looks
  int threads = 0;  // 0: all
};

/// A callback that looks at the mean loss over data that are not trained on, with the moving average where there is
/// one. Small data are learnt by heart soon after they are learnt; this is where to stop:
///   HeldOutStop best{loss, model, held_out};
///   trainer.fit(model, data, options, best);
///   model.set_parameters(best.parameters());
/// Each look is at least at 4,000 draws of noise and time, several for each sample where there are fewer.
template <class Loss, class Model>
class HeldOutStop {
 public:
  using Scalar = typename Model::Scalar;

  static_assert(TrainableModel<Model>,
                "HeldOutStop: the second argument is a model, as ScoreModel; see model/concept.hpp");
  static_assert(
      Objective<Loss, Model>,
      "HeldOutStop: the first argument is an objective, as DenoisingScoreMatching; see objective/concept.hpp");

  /// Copies the model, and looks at the data once, so that data that it cannot take are refused here: throws
  /// InvalidArgument for them and for options below 1.
  HeldOutStop(const Loss& loss, const Model& model, const Dataset<Scalar>& held_out, const HeldOutOptions& options = {})
      : loss_(loss), model_(model), held_out_(repeated(held_out)), options_(options) {
    if (options.every < 1 || !(options.rise >= 0))
      throw InvalidArgument("HeldOutStop", "every >= 1 and rise >= 0", text(options.every, " and ", options.rise),
                            "200 and 0.05 are usual");
    detail::check_fit("HeldOutStop", held_out, model);
    look(0);
  }

  Next operator()(const Progress<Scalar>& progress) {
    if (progress.step == 1) forget();
    if (progress.step % options_.every != 0 && progress.step != progress.steps) return Next::proceed;
    model_.set_parameters(progress.parameters);
    const double loss = look(progress.step);
    if (loss < best_loss_) {
      best_loss_ = loss;
      best_step_ = progress.step;
      parameters_ = progress.parameters;
    }
    return loss > (1 + options_.rise) * best_loss_ ? Next::stop : Next::proceed;
  }

  /// Of the look with the smallest loss. Throws InvalidArgument before the first one.
  const Vector<Scalar>& parameters() const {
    if (best_step_ == 0)
      throw InvalidArgument("HeldOutStop::parameters", "a run of at least one look", "none yet",
                            "pass it to fit first");
    return parameters_;
  }
  /// Infinite, and step 0, before the first look.
  double loss() const { return best_loss_; }
  Index step() const { return best_step_; }

  /// Tells where it stands, to be kept with its run.
  Vector<double> state() const {
    Vector<double> all(2 + parameters_.size());
    all << static_cast<double>(best_step_), best_loss_, parameters_.template cast<double>();
    return all;
  }

  /// Goes on from there with the run. Throws InvalidArgument, as it was, for what is no state of such a model.
  void resume(const Vector<double>& state) {
    const bool whole = state.size() >= 2 && state(0) >= 0 && state(0) <= 1e15 && state(0) == std::floor(state(0)) &&
                       (state(0) > 0 ? std::isfinite(state(1)) && state.size() - 2 == model_.parameters().size()
                                     : state(1) == std::numeric_limits<double>::infinity() && state.size() == 2);
    if (!whole)
      throw InvalidArgument("HeldOutStop::resume",
                            text("the state of one with ", model_.parameters().size(), " parameters"),
                            text(state.size(), " numbers"), "resume what was kept, with the same model and options");
    best_step_ = static_cast<Index>(state(0));
    best_loss_ = state(1);
    parameters_ = state.tail(state.size() - 2).template cast<Scalar>();
  }

 private:
  double look(Index step) const {
    const double loss = mean_loss(loss_, model_, held_out_, options_.seed, options_.threads);
    if (!std::isfinite(loss))
      throw NonFinite("HeldOutStop", "a finite loss on held-out data", text(loss, " after step ", step),
                      "a lower learning rate, or clip_norm, keeps parameters small");
    return loss;
  }

  void forget() {
    best_step_ = 0;
    best_loss_ = std::numeric_limits<double>::infinity();
    parameters_.resize(0);
  }

  static Dataset<Scalar> repeated(const Dataset<Scalar>& data) {
    constexpr Index least = 4000;
    const Index times = (least + data.size() - 1) / data.size();
    Matrix<Scalar> samples = data.samples().replicate(1, times);
    if (data.condition_size() == 0) return samples;
    return {std::move(samples), Matrix<Scalar>(data.conditions().replicate(1, times))};
  }

  Loss loss_;
  Model model_;
  Dataset<Scalar> held_out_;
  HeldOutOptions options_;
  Index best_step_ = 0;
  double best_loss_ = std::numeric_limits<double>::infinity();
  Vector<Scalar> parameters_;
};

}  // namespace scorefield
