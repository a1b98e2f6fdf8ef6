/// Options of a training run: its length, batches, seed and threads, gradient clipping and weight averaging.
#pragma once

#include <optional>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/optimizer/moving_average.hpp"

namespace scorefield {

/// Options say how long and in which way to train.
struct TrainingOptions {
  Index epochs = 0;  // passes over the data; give this or steps
  Index steps = 0;
  Index batch_size = 256;      // samples that each step looks at, with noise and time of their own
  bool short_batches = false;  // whether each epoch is cut into batches of its own, the last as short as may be
  Seed seed = 0;
  int threads = 0;                                       // 0: all; more than gradient_slots have nothing to do
  std::optional<double> clip_norm = {};                  // largest Euclidean norm of a step's gradient
  std::optional<ExponentialMovingAverage> average = {};  // the model ends with the averaged parameters
  Index gradient_slots = 8;  // partial sums of a batch's gradient: the bits depend on their number, never on threads

  /// Throws InvalidArgument for options that cannot work with any data.
  void validate() const {
    if (epochs < 0 || steps < 0 || (epochs > 0) == (steps > 0))
      throw InvalidArgument("TrainingOptions", "exactly one of epochs and steps to be positive",
                            text("epochs ", epochs, " and steps ", steps), "set one of them");
    if (batch_size < 1)
      throw InvalidArgument("TrainingOptions", "a batch_size from 1 on", text(batch_size), "256 is usual");
    detail::check_threads(threads);
    if (clip_norm && !(*clip_norm > 0))
      throw InvalidArgument("TrainingOptions", "a positive clip_norm", text(*clip_norm), "leave it out to not clip");
    if (gradient_slots < 1)
      throw InvalidArgument("TrainingOptions", "gradient_slots from 1 on", text(gradient_slots), "8 is usual");
    if (average) average->validate();
  }
};

}  // namespace scorefield
