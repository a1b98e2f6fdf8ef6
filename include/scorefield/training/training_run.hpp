/// A training run as a stepper: one step at a time, with the state in between to be looked at.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/objective/concept.hpp"
#include "scorefield/optimizer/concept.hpp"
#include "scorefield/optimizer/moving_average.hpp"
#include "scorefield/training/detail/update_units.hpp"
#include "scorefield/training/minibatches.hpp"
#include "scorefield/training/progress.hpp"
#include "scorefield/training/training_state.hpp"

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
        batch_(data.dimension(), batches_.batch_size()),
        losses_(batches_.batch_size()) {
    if (data.dimension() != model.dimension())
      throw InvalidArgument("Trainer::fit", text("samples of ", model.dimension(), " numbers, as the model has"),
                            text(data.dimension(), " x ", data.size(), " data"),
                            "a column is a sample: transpose data whose rows are samples");
    rate_.validate();
    partial_gradients_.assign(static_cast<std::size_t>(std::min<Index>(chunks_.pieces(), most_partial_gradients)),
                              Vector<Scalar>(parameters_.size()));
    squares_.resize(static_cast<std::size_t>(pieces().pieces()));
    const auto workers = std::min(static_cast<std::size_t>(threads_), partial_gradients_.size());
    for (std::size_t i = 0; i < workers; ++i) workspaces_.push_back(loss_.workspace(model_));
    if (options_.average) begin_average();
  }

  Index step() const { return step_; }
  Index steps() const { return steps_; }
  Index epoch() const { return batches_.epoch_of(std::max<Index>(step_ - 1, 0)); }
  bool done() const { return step_ == steps_; }

  /// Samples in the last step's batch.
  Index batch_length() const { return batches_.batch_length(std::max<Index>(step_ - 1, 0)); }

  /// The mean loss over the last step's batch, before its update.
  double loss() const { return mean_loss_; }
  /// Of the last step.
  double learning_rate() const { return learning_rate_; }
  /// What a run that stopped now would leave in the model.
  const Vector<Scalar>& result() const { return options_.average ? rounded_average_ : parameters_; }
  /// What callbacks see.
  Progress<Scalar> progress() const {
    return {step(), steps(), epoch(), batch_length(), loss(), learning_rate(), result()};
  }

  /// Where the run stands, to be kept and resumed.
  TrainingState<Scalar> state() const {
    return {step_,
            steps_,
            parameters_,
            average_,
            std::vector<Vector<Scalar>>(optimizer_.state.begin(), optimizer_.state.end()),
            settings()};
  }

  /// Goes on from where a run with the same options, objective, optimizer, schedule, model and data stood: every step
  /// from there on has the bits that it would have had. What may differ: the threads; the length, where the learning
  /// rates of the steps that are done are the same in a run of this one; and an average may be asked for that was not
  /// kept, which then begins with the state's parameters. Throws InvalidArgument, the run as it was, for all else,
  /// which it names, and for more steps than steps(); NonFinite unless the state's numbers are finite.
  void resume(const TrainingState<Scalar>& state) {
    const auto check = [&]<Real Number>(const Vector<Number>& vector) {
      if (vector.size() != parameters_.size())
        throw InvalidArgument("TrainingRun::resume", text(parameters_.size(), " parameters"), text(vector.size()),
                              "resume with the network that the state was kept of");
      if (!vector.allFinite())
        throw NonFinite("TrainingRun::resume", "finite numbers", "a NaN or an infinity", "take an earlier state");
    };
    if (state.step < 0 || state.step > steps_)
      throw InvalidArgument("TrainingRun::resume", text("at most the ", steps_, " steps of this run"), text(state.step),
                            "ask for more steps in all");
    check_settings(state);
    if (state.optimizer.size() != optimizer_.state.size())
      throw InvalidArgument("TrainingRun::resume",
                            text("an optimizer with ", optimizer_.state.size(), " state vectors"),
                            text(state.optimizer.size()), "resume with the same optimizer");
    check(state.parameters);
    if (state.average.size() > 0) check(state.average);
    for (const auto& vector : state.optimizer) check(vector);
    step_ = state.step;
    parameters_ = state.parameters;
    if (options_.average) {
      begin_average();
      if (state.average.size() > 0) average_ = state.average;
      rounded_average_ = average_.template cast<Scalar>();
    }
    std::copy(state.optimizer.begin(), state.optimizer.end(), optimizer_.state.begin());
  }

  /// One step of the optimizer. Throws InvalidArgument after the last one; throws NonFinite, the run where it was, if a
  /// loss is not finite or the square of the gradient's norm overflows.
  void advance() {
    if (done())
      throw InvalidArgument("TrainingRun::advance", "a run that is not done", text("one after its ", steps_, " steps"),
                            "loop while (!run.done())");
    const auto indices = batches_.indices(step_);
    add_gradients(indices);
    const double mean_loss = mean_of_losses(indices);
    const double square = reduce();
    if (!std::isfinite(square)) throw_steep(indices);
    mean_loss_ = mean_loss;
    learning_rate_ = optimizer_.method().learning_rate * rate_.factor(step_, steps_);
    ++step_;
    update(clip_scale(square));
    cleared_ = true;
  }

 private:
  /// The loss of each sample of the batch, and the partial gradients of its pieces.
  void add_gradients(std::span<const Index> indices) {
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
  }

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
  static constexpr const char* average_setting = "average";

  /// By name, all that a state must have been kept with, but for the length.
  std::map<std::string, std::string> settings() const {
    if (!data_fingerprint_) data_fingerprint_ = data_.fingerprint();
    std::map<std::string, std::string> all{{"batch_size", text(batches_.batch_size())},
                                           {"data", text("of fingerprint ", *data_fingerprint_)},
                                           {"scalar", std::same_as<Scalar, float> ? "float" : "double"},
                                           {"seed", text(options_.seed)}};
    if (options_.clip_norm) all["clip_norm"] = exact_text(*options_.clip_norm);
    if (options_.average) all[average_setting] = exact_text(options_.average->decay);
    const auto add = [&](const char* name, const auto& policy) {
      if constexpr (HasSettings<decltype(policy)>) all[name] = policy.settings();
    };
    add("objective", loss_);
    add("optimizer", optimizer_.method());
    add("schedule", rate_);
    return all;
  }

  void check_settings(const TrainingState<Scalar>& state) const {
    const auto refuse = [](const std::string& name, const std::string& kept, const std::string& here) {
      throw InvalidArgument("TrainingRun::resume", text(name, ' ', kept, ", as the state was kept with"), here,
                            "resume with the trainer, options and data of the run that was kept, or start a new one");
    };
    const auto here = settings();
    const auto of = [](const auto& all, const std::string& name) {
      const auto found = all.find(name);
      return found == all.end() ? std::string("none") : found->second;
    };
    for (const auto& [name, kept] : state.settings)
      if (of(here, name) != kept) refuse(name, kept, of(here, name));
    for (const auto& [name, value] : here)
      if (name != average_setting && !state.settings.contains(name)) refuse(name, "none", value);
    for (Index k = state.step - 1; k >= 0 && state.steps != steps_; --k)
      if (rate_.factor(k, state.steps) != rate_.factor(k, steps_)) refuse("steps", text(state.steps), text(steps_));
  }

  /// From the parameters on.
  void begin_average() {
    average_ = parameters_.template cast<double>();
    rounded_average_ = parameters_;
  }

  /// In which the gradient is added up.
  Chunks pieces() const { return {parameters_.size(), detail::update_unit_size}; }
  /// Where one thread alone worked on the batch, all is in its cache, and a few pieces take less time than their way to
  /// another's; matrices are work enough to share.
  int update_threads() const {
    const bool alone = partial_gradients_.size() == 1 && pieces().pieces() < 32 && !MatrixOptimizer<Method>;
    return alone ? 1 : threads_;
  }

  double mean_of_losses(std::span<const Index> indices) const {
    double sum = 0;
    for (std::size_t j = 0; j < indices.size(); ++j) {
      const Scalar loss = losses_(static_cast<Index>(j));
      if (!std::isfinite(loss))
        throw NonFinite(text("training step ", step_ + 1), "a finite loss", text(loss, " for sample ", indices[j]),
                        "lower the learning rate, clip the gradient, or scale the data to a deviation of about 1");
      sum += static_cast<double>(loss);
    }
    return sum / static_cast<double>(indices.size());
  }

  /// By quarters, as one sum after the other would wait for each addition.
  static Scalar sum_of_squares(const Scalar* g, Index count) {
    const Index quarter = count / 4;
    const auto of_four = [](const auto& a, const auto& b, const auto& c, const auto& d) {
      return add(multiply_add(a, a, multiply(b, b)), multiply_add(c, c, multiply(d, d)));
    };
    const auto of_one = [](const auto& a) { return multiply(a, a); };
    return sum_of(quarter, of_four, g, g + quarter, g + 2 * quarter, g + 3 * quarter) +
           sum_of(count % 4, of_one, g + 4 * quarter);
  }

  /// Adds the partial gradients up, in place of the first of them. Returns the square of the norm, which is not finite
  /// where an optimizer might not be able to make a step: where a number's square overflows, or it is none.
  double reduce() {
    parallel_for(pieces().pieces(), update_threads(), [&](Index i, int) {
      const Index first = pieces().first(i), length = pieces().length(i);
      Scalar* const sum = partial_gradients_.front().data() + first;
      for (std::size_t part = 1; part < partial_gradients_.size(); ++part)
        transform(
            sum, length, [](const auto& a, const auto& b) { return add(a, b); }, sum,
            partial_gradients_[part].data() + first);
      squares_[static_cast<std::size_t>(i)] = static_cast<double>(sum_of_squares(sum, length));
    });
    return std::accumulate(squares_.begin(), squares_.end(), 0.0);
  }

  [[noreturn]] void throw_steep(std::span<const Index> indices) const {
    Index largest = 0;
    losses_.head(static_cast<Index>(indices.size())).maxCoeff(&largest);
    throw NonFinite(text("training step ", step_ + 1), "a finite gradient",
                    text("one that overflows, where the largest loss is ", losses_(largest), " for sample ",
                         indices[static_cast<std::size_t>(largest)]),
                    "lower the learning rate, or scale the data to a deviation of about 1");
  }

  /// What the gradient is to be multiplied by so that its norm is at most clip_norm. Pascanu et al. 2013,
  /// arXiv:1211.5063.
  Scalar clip_scale(double square) const {
    const double norm = std::sqrt(square);
    return options_.clip_norm && norm > *options_.clip_norm ? static_cast<Scalar>(*options_.clip_norm / norm) : 1;
  }

  /// Moves the parameters and clears the partial gradients, unit by unit while they are in the cache.
  void update(Scalar scale) {
    const auto& units = optimizer_.units();
    parallel_for(static_cast<Index>(units.size()), update_threads(), [&](Index i, int worker) {
      const auto& unit = units[static_cast<std::size_t>(i)];
      const Index first = unit.first, length = unit.size();
      const auto p = segment(view(parameters_), first, length);
      auto g = segment(view(partial_gradients_.front()), first, length);
      if (scale < 1) g *= scale;
      optimizer_.update(unit, p, ConstVectorView<Scalar>(g.data(), length), learning_rate_, step_, worker);
      if (options_.average) {
        options_.average->update(segment(view(average_), first, length), ConstVectorView<Scalar>(p.data(), length),
                                 step_);
        rounded_average_.segment(first, length) = average_.segment(first, length).template cast<Scalar>();
      }
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
  Vector<Scalar> parameters_;
  Vector<double> average_;                                 // empty where there is none
  Vector<Scalar> rounded_average_;                         // the same as Scalar
  mutable std::optional<std::uint64_t> data_fingerprint_;  // looked for when a state is, for the first time

  Matrix<Scalar> batch_;
  Vector<Scalar> losses_;
  std::vector<Vector<Scalar>> partial_gradients_;
  bool cleared_ = false;         // whether these are zero
  std::vector<double> squares_;  // of the norms of pieces of the gradient
  std::vector<decltype(std::declval<const Loss&>().workspace(std::declval<const Model&>()))> workspaces_;
};

}  // namespace scorefield
