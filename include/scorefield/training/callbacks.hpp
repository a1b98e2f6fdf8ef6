/// Training callbacks: loss history, early stopping, and a function every n steps.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

namespace detail {

/// The mean over samples of losses that are means over batches, of which some are shorter.
struct MeanLoss {
  double sum = 0, samples = 0;

  void add(double loss, Index batch_length) {
    sum = multiply_add(loss, static_cast<double>(batch_length), sum);
    samples += static_cast<double>(batch_length);
  }
  double mean() const { return sum / samples; }
};

}  // namespace detail

/// Keeps a row for every `every` steps with their mean loss over samples; the last row may cover fewer.
class History {
 public:
  struct Row {
    Index step, epoch;  // of the last step in the mean
    double loss;
  };

  explicit History(Index every = 100) : every_(every) {
    if (every < 1) throw InvalidArgument("History", "a positive number of steps a row", text(every), "100 is usual");
  }

  template <Real Scalar>
  void operator()(const Progress<Scalar>& progress) {
    if (progress.step == 1) count_ = 0;    // a new run begins
    if (progress.step == 1 || resumed_) {  // a run may be stopped long before its end
      const Index rows = std::min<Index>((progress.steps - progress.step) / every_, 1 << 20) + 2;
      rows_.reserve(rows_.size() + static_cast<std::size_t>(rows));
      resumed_ = false;
    }
    if (count_ == 0) {
      rows_.push_back({});
      loss_ = {};
    }
    loss_.add(progress.loss, progress.batch_length);
    rows_.back() = {progress.step, progress.epoch, loss_.mean()};
    if (++count_ == every_) count_ = 0;
  }

  const std::vector<Row>& rows() const { return rows_; }

  /// Tells where it stands, to be kept with its run.
  Vector<double> state() const {
    Vector<double> all(4 + 3 * static_cast<Index>(rows_.size()));
    all.head(4) << static_cast<double>(every_), static_cast<double>(count_), loss_.sum, loss_.samples;
    for (Index i = 0; i < (all.size() - 4) / 3; ++i) {
      const Row& row = rows_[static_cast<std::size_t>(i)];
      all.segment(4 + 3 * i, 3) << static_cast<double>(row.step), static_cast<double>(row.epoch), row.loss;
    }
    return all;
  }

  /// Goes on from there with the run. Throws InvalidArgument, as it was, for a state of another number of steps a row.
  void resume(const Vector<double>& state) {
    if (state.size() < 4 || (state.size() - 4) % 3 != 0 || state(0) != static_cast<double>(every_) ||
        !(state(1) >= 0 && state(1) < state(0)) || (state(1) > 0 && state.size() == 4) || !are_counts(state))
      throw InvalidArgument("History::resume", text("the state of a History of ", every_, " steps a row"),
                            state.size() > 0 ? text(state.size(), " numbers, the first ", state(0)) : "nothing",
                            "resume what was kept");
    count_ = static_cast<Index>(state(1));
    loss_ = {state(2), state(3)};
    rows_.clear();
    for (Index i = 4; i < state.size(); i += 3)
      rows_.push_back({static_cast<Index>(state(i)), static_cast<Index>(state(i + 1)), state(i + 2)});
    resumed_ = true;
  }

 private:
  /// Whether the steps and epochs of rows are numbers that they can be.
  static bool are_counts(const Vector<double>& state) {
    const auto is_count = [](double number) { return number >= 0 && number <= 1e15; };
    for (Index i = 4; i < state.size(); i += 3)
      if (!is_count(state(i)) || !is_count(state(i + 1))) return false;
    return true;
  }

  Index every_;
  Index count_ = 0;  // steps in the last row, 0 where it is complete
  detail::MeanLoss loss_;
  std::vector<Row> rows_;
  bool resumed_ = false;
};

/// Stops when the mean loss over the samples of a window of steps has not been the best by min_improvement for
/// `patience` windows.
class EarlyStop {
 public:
  struct Options {
    Index window = 1000;
    Index patience = 10;
    double min_improvement = 0;
  };

  explicit EarlyStop(const Options& options) : options_(options) {
    if (options.window < 1 || options.patience < 1 || !(options.min_improvement >= 0))
      throw InvalidArgument("EarlyStop", "window >= 1, patience >= 1 and min_improvement >= 0",
                            text(options.window, ", ", options.patience, " and ", options.min_improvement),
                            "the loss is noisy: average over a thousand steps or so");
  }

  template <Real Scalar>
  Next operator()(const Progress<Scalar>& progress) {
    if (progress.step == 1) *this = EarlyStop(options_);  // a new run begins
    loss_.add(progress.loss, progress.batch_length);
    if (++count_ < options_.window) return Next::proceed;
    const double mean = std::exchange(loss_, {}).mean();
    count_ = 0;
    if (mean < best_ - options_.min_improvement) {
      best_ = mean;
      failures_ = 0;
    } else {
      ++failures_;
    }
    return failures_ < options_.patience ? Next::proceed : Next::stop;
  }

  /// Tells where it stands, to be kept with its run.
  Vector<double> state() const {
    return Vector<double>{
        {static_cast<double>(count_), static_cast<double>(failures_), loss_.sum, loss_.samples, best_}};
  }

  /// Goes on from there with the run. Throws InvalidArgument, as it was, for what is no state of a window this long.
  void resume(const Vector<double>& state) {
    if (state.size() != 5 || !(state(0) >= 0 && state(0) < static_cast<double>(options_.window)) ||
        !(state(1) >= 0 && state(1) <= static_cast<double>(options_.patience)))
      throw InvalidArgument("EarlyStop::resume", text("five numbers of a window of ", options_.window, " steps"),
                            text(state.size(), state.size() > 0 ? text(", the first ", state(0)) : ""),
                            "resume what was kept, with the same options");
    count_ = static_cast<Index>(state(0));
    failures_ = static_cast<Index>(state(1));
    loss_ = {state(2), state(3)};
    best_ = state(4);
  }

 private:
  Options options_;
  Index count_ = 0, failures_ = 0;
  detail::MeanLoss loss_;
  double best_ = std::numeric_limits<double>::infinity();
};

/// Calls a function with the progress every n steps: Every{1000, [](const auto& progress) { ... }}. The function is a
/// callback itself.
template <class F>
class Every {
 public:
  Every(Index steps, F f) : steps_(steps), f_(std::move(f)) {
    if (steps < 1) throw InvalidArgument("Every", "a positive number of steps", text(steps), "1 is every step");
  }

  template <Real Scalar>
  requires TrainingCallback<F, Scalar> Next operator()(const Progress<Scalar>& progress) {
    if (progress.step % steps_ != 0) return Next::proceed;
    if constexpr (std::same_as<decltype(f_(progress)), Next>) {
      return f_(progress);
    } else {
      f_(progress);
      return Next::proceed;
    }
  }

  /// Where the function stands, if it is a callback that can be resumed.
  Vector<double> state() const requires ResumableCallback<F> { return f_.state(); }
  void resume(const Vector<double>& state) requires ResumableCallback<F> { f_.resume(state); }

 private:
  Index steps_;
  F f_;
};

}  // namespace scorefield
