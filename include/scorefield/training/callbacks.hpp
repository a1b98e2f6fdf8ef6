/// Callbacks that remember, stop or interrupt a run.
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/training/progress.hpp"

namespace scorefield {

/// Keeps the mean loss of every `every` steps; the last row's is of the steps there were.
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
    if (progress.step == 1) {  // a new run begins
      count_ = 0;
      const Index rows = std::min<Index>(progress.steps / every_ + 1, 1 << 20);  // a run may be stopped long before
      rows_.reserve(rows_.size() + static_cast<std::size_t>(rows));
    }
    if (count_ == 0) rows_.push_back({});
    sum_ = count_ == 0 ? progress.loss : sum_ + progress.loss;
    rows_.back() = {progress.step, progress.epoch, sum_ / static_cast<double>(++count_)};
    if (count_ == every_) count_ = 0;
  }

  const std::vector<Row>& rows() const { return rows_; }

 private:
  Index every_;
  Index count_ = 0;
  double sum_ = 0;
  std::vector<Row> rows_;
};

/// Stops when the mean loss of a window of steps has not been the best by min_improvement for `patience` windows.
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
    sum_ += progress.loss;
    if (++count_ < options_.window) return Next::proceed;
    const double mean = sum_ / static_cast<double>(count_);
    sum_ = 0;
    count_ = 0;
    if (mean < best_ - options_.min_improvement) {
      best_ = mean;
      failures_ = 0;
    } else {
      ++failures_;
    }
    return failures_ < options_.patience ? Next::proceed : Next::stop;
  }

 private:
  Options options_;
  Index count_ = 0, failures_ = 0;
  double sum_ = 0, best_ = std::numeric_limits<double>::infinity();
};

/// Calls a function with the progress every n steps: Every{1000, [](const auto& progress) { ... }}.
template <class F>
class Every {
 public:
  Every(Index steps, F f) : steps_(steps), f_(std::move(f)) {
    if (steps < 1) throw InvalidArgument("Every", "a positive number of steps", text(steps), "1 is every step");
  }

  template <Real Scalar>
  Next operator()(const Progress<Scalar>& progress) {
    if (progress.step % steps_ != 0) return Next::proceed;
    if constexpr (std::same_as<decltype(f_(progress)), Next>) {
      return f_(progress);
    } else {
      f_(progress);
      return Next::proceed;
    }
  }

 private:
  Index steps_;
  F f_;
};

}  // namespace scorefield
