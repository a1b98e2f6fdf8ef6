/// Minutes of training as steps, by the speed of a few that are tried first.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <scorefield/core/parallel/communicator.hpp>
#include <scorefield/scorefield.hpp>

#include "program.hpp"

namespace examples {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// The seconds that a training step takes. A few are made, for a fiftieth of the budget in seconds but at most ten, and
/// forgotten; the clock has no other part in a run. Of several ranks it is the clock of the first.
template <class Trainer, class Model>
double seconds_of_a_step(const Trainer& trainer, const Model& model, const scorefield::Dataset<float>& data,
                         scorefield::TrainingOptions options, double budget) {
  const Stopwatch all;
  options.steps = 1 << 20;
  auto run = trainer.start(model, data, options);
  run.advance();  // which is slower
  const Stopwatch steps;
  int count = 0;
  const auto in_time = [&] {
    return scorefield::of_first_rank(run.communicator(), count < 2 || all.seconds() < std::min(10.0, budget / 50));
  };
  for (; !run.done() && in_time(); ++count) run.advance();
  return scorefield::of_first_rank(run.communicator(), steps.seconds() / count);
}

/// As many steps as take so many minutes in all, and a line that tells them.
template <class Trainer, class Model>
scorefield::Index steps_of_minutes(double minutes, const Trainer& trainer, const Model& model,
                                   const scorefield::Dataset<float>& data, const scorefield::TrainingOptions& options) {
  const Stopwatch all;
  const double a_step = seconds_of_a_step(trainer, model, data, options, 60 * minutes);
  const double left = 0.98 * 60 * minutes - all.seconds();
  const auto steps =
      scorefield::of_first_rank(trainer.communicator(), std::max<scorefield::Index>(1, std::llround(left / a_step)));
  if (!scorefield::is_first_rank(trainer.communicator())) return steps;
  say(scorefield::text(minutes, minutes == 1 ? " minute is " : " minutes are ", steps, " steps of ",
                       std::round(1e4 * a_step) / 10, " ms: the same as --steps ", steps));
  return steps;
}

}  // namespace examples
