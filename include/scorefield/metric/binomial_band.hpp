/// The band in which the number of successes of independent trials is expected to be.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Counts from low to high, both of them included.
struct CountBand {
  Index low, high;

  bool contains(Index count) const { return low <= count && count <= high; }
};

/// The central band in which the number of successes of `trials` independent trials, each with the same chance, lies
/// with a probability of at least `coverage`: below it, and above it, is at most half of the rest. Throws
/// InvalidArgument unless there is a trial, and chance and coverage are in (0, 1).
inline CountBand binomial_band(Index trials, double chance, double coverage = 0.99) {
  if (trials < 1 || !(chance > 0 && chance < 1) || !(coverage > 0 && coverage < 1))
    throw InvalidArgument("binomial_band", "at least one trial, and a chance and a coverage in (0, 1)",
                          text(trials, ", ", chance, " and ", coverage), "0.99 is a usual coverage");
  const auto n = static_cast<double>(trials);
  const double tail = (1 - coverage) / 2, log_odds = std::log(chance) - std::log1p(-chance);
  CountBand band{-1, -1};
  double log_probability = n * std::log1p(-chance), sum = 0;  // of k successes, and of at most k
  for (Index k = 0; k <= trials && band.high < 0; ++k) {
    sum += std::exp(log_probability);
    if (band.low < 0 && sum > tail) band.low = k;
    if (sum >= 1 - tail) band.high = k;
    log_probability += std::log(static_cast<double>(trials - k) / static_cast<double>(k + 1)) + log_odds;
  }
  if (band.high < 0) band.high = trials;  // where rounding left the sum below
  return band;
}

}  // namespace scorefield
