/// Minutes of training as steps, by the speed of the first ones.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <scorefield/scorefield.hpp>

#include "../program.hpp"
#include "digits.hpp"
#include "networks.hpp"
#include "options.hpp"
#include "reports.hpp"

namespace mnist {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// As many steps as take so many minutes with their reports. A few are made, for a fiftieth of the time but at
/// most ten seconds, and forgotten; the clock has no other part in a run.
template <class Trainer>
sf::Index steps_of_minutes(double minutes, const Trainer& trainer, const Model& model, const Digits& digits,
                           sf::TrainingOptions options, ReportPlan plan) {
  const Stopwatch all;
  const double budget = 60 * minutes;
  options.steps = 1 << 20;
  auto run = trainer.start(model, digits.training, options);
  run.advance();  // which is slower
  const Stopwatch steps;
  sf::Index count = 0;
  for (; count < 2 || all.seconds() < std::min(10.0, budget / 50); ++count) run.advance();
  const double a_step = steps.seconds() / static_cast<double>(count);

  const sf::Index tried = std::min<sf::Index>(256, digits.held_out.size());
  const auto few = digits.held_out.examples(0, tried);
  const Stopwatch report;
  held_out_loss(model, dataset(few.x0, few.condition), options.threads);
  const double a_report = report.seconds() / static_cast<double>(tried) *
                          static_cast<double>(digits.held_out.size() + Reports::samples * quick_sampler.steps);
  const double left = 0.98 * budget - all.seconds();
  sf::Index enough = 1, too_many = 2 + static_cast<sf::Index>(std::max(0.0, left) / a_step);
  while (too_many - enough > 1) {
    const sf::Index middle = enough + (too_many - enough) / 2;
    const double needed = static_cast<double>(middle) * a_step + static_cast<double>(plan.count(middle)) * a_report;
    (needed <= left ? enough : too_many) = middle;
  }
  examples::say(sf::text(minutes, minutes == 1 ? " minute is " : " minutes are ", enough, " steps of ",
                         std::round(1e4 * a_step) / 10, " ms: the same as --epochs ",
                         epochs_text(enough, plan.steps_per_epoch)));
  return enough;
}

}  // namespace mnist
