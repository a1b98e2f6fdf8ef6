/// Learning-rate schedules: constant, cosine annealing and warm-up.
#pragma once

#include <cmath>
#include <numbers>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/optimizer/concept.hpp"

namespace scorefield {

/// The optimizer's own learning rate throughout.
struct ConstantRate {
  void validate() const {}
  double factor(Index, Index) const { return 1; }
  std::string settings() const { return settings_text("ConstantRate", {}); }
};

/// The factor falls from 1 to `last` along half a cosine. Loshchilov and Hutter 2017, arXiv:1608.03983, equation 5
/// without restarts.
struct CosineRate {
  double last = 0;

  void validate() const {
    if (!(last >= 0 && last <= 1))
      throw InvalidArgument("CosineRate", "a last factor in [0, 1]", text(last), "0 ends at rate 0");
  }
  double factor(Index step, Index steps) const {
    const double done = static_cast<double>(step) / static_cast<double>(steps);
    return multiply_add((1 - last) / 2, 1 + std::cos(std::numbers::pi * done), last);
  }
  std::string settings() const { return settings_text("CosineRate", {{"last", last}}); }
};

/// Grows linearly to 1 over the first `steps`, and then leaves the steps that remain to another schedule:
/// Warmup<CosineRate>{.steps = 200}. The warm-up is the same however long the run, whose length may be chosen then.
template <LearningRateSchedule Then = ConstantRate>
struct Warmup {
  Index steps = 200;
  Then then = {};

  void validate() const {
    if (steps < 0) throw InvalidArgument("Warmup", "a number of steps >= 0", text(steps), "0 leaves the warm-up out");
    then.validate();
  }
  double factor(Index step, Index all_steps) const {
    if (step < steps) return static_cast<double>(step + 1) / static_cast<double>(steps);
    return then.factor(step - steps, all_steps - steps);
  }
  std::string settings() const requires HasSettings<Then> {
    return settings_text("Warmup", {{"steps", steps}, {"then", then.settings()}});
  }
};

}  // namespace scorefield
