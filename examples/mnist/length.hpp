/// Minutes of training as steps, with the reports that are made on the way.
#pragma once

#include <algorithm>
#include <cmath>
#include <scorefield/scorefield.hpp>

#include "../length.hpp"
#include "../program.hpp"
#include "digits.hpp"
#include "networks.hpp"
#include "options.hpp"
#include "reports.hpp"

namespace mnist {

/// As many steps as take so many minutes with their reports.
template <class Trainer>
sf::Index steps_of_minutes(double minutes, const Trainer& trainer, const Model& model, const Digits& digits,
                           const sf::TrainingOptions& options, ReportPlan plan) {
  const examples::Stopwatch all;
  const double budget = 60 * minutes;
  const double a_step = examples::seconds_of_a_step(trainer, model, digits.training, options, budget);

  const sf::Index tried = std::min<sf::Index>(256, digits.held_out.size());
  const auto few = digits.held_out.examples(0, tried);
  const examples::Stopwatch report;
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
  enough = sf::of_first_rank(trainer.communicator(), enough);
  if (!sf::is_first_rank(trainer.communicator())) return enough;
  examples::say(sf::text(minutes, minutes == 1 ? " minute is " : " minutes are ", enough, " steps of ",
                         std::round(1e4 * a_step) / 10, " ms: the same as --epochs ",
                         epochs_text(enough, plan.steps_per_epoch)));
  return enough;
}

}  // namespace mnist
