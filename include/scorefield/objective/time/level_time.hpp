/// Training times at a few given noise levels: denoising at one level, or at a geometric sequence of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/detail/level_range.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// `count` noise levels from `first` to `last`, each the same multiple of the one before. Song and Ermon 2019,
/// arXiv:1907.05600, section 4.1, with ten from 1 to 0.01. Throws InvalidArgument unless both are positive and finite,
/// and there is at least one; one alone is `first`.
inline std::vector<double> geometric_levels(double first, double last, Index count) {
  if (!(first > 0 && last > 0 && std::isfinite(first) && std::isfinite(last) && count >= 1))
    throw InvalidArgument("geometric_levels", "two positive, finite levels and a positive count",
                          text(first, ", ", last, " and ", count), "ten from 1 to 0.01 are usual");
  std::vector<double> levels(static_cast<std::size_t>(count));
  const double ratio = std::log(last / first) / static_cast<double>(std::max<Index>(1, count - 1));
  for (Index i = 0; i < count; ++i)
    levels[static_cast<std::size_t>(i)] = first * std::exp(static_cast<double>(i) * ratio);
  return levels;
}

/// Each of the given noise levels is as likely as any other; a level is the noise's deviation in units of the data,
/// sigma / alpha. It is meant to change what counts: weights are 1. LevelTime{{0.3}} is denoising score matching at one
/// level, Vincent 2011, "A Connection Between Score Matching and Denoising Autoencoders"; LevelTime{geometric_levels(1,
/// 0.01, 10)} with NoiseWeighting is that of noise-conditional score networks, Song and Ermon 2019, arXiv:1907.05600,
/// equation 6.
struct LevelTime {
  std::vector<double> levels;

  /// Throws InvalidArgument unless there are levels, which are positive, and the equation has them all.
  template <Sde Equation>
  void validate(const Equation& sde) const {
    if (levels.empty())
      throw InvalidArgument("LevelTime", "at least one noise level", "none", "geometric_levels(1, 0.01, 10) are usual");
    const auto range = detail::LevelRange::of(sde);
    constexpr double rounding = 1e-5;
    for (const double level : levels)
      if (!(level > 0 && std::isfinite(level) && std::log(level) >= range.lowest - rounding &&
            std::log(level) <= range.highest + rounding))
        throw InvalidArgument(
            "LevelTime",
            text("noise levels that the equation has, from ", std::exp(range.lowest), " to ", std::exp(range.highest)),
            text(level), "a level is sigma(t) / alpha(t)");
  }
  std::string settings() const {
    std::string all;
    for (const double level : levels) all += text(all.empty() ? "" : " ", exact_text(level));
    return settings_text("LevelTime", {{"levels", all}});
  }

  template <Sde Equation, Real Scalar>
  WeightedTime<Scalar> draw(const Equation& sde, Scalar u, Index, Index) const {
    const auto [lowest, highest] = detail::LevelRange::of(sde);
    const auto count = static_cast<double>(levels.size());
    const auto at = static_cast<std::size_t>(std::max(0.0, std::ceil(static_cast<double>(u) * count) - 1));
    const double level = std::log(levels[std::min(at, levels.size() - 1)]);
    return {time_of_half_log_snr(sde, -std::clamp(level, lowest, highest)), 1};
  }
};

}  // namespace scorefield
