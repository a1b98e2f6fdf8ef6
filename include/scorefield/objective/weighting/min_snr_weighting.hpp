/// The min-SNR weighting: the signal-to-noise ratio, but no more than a bound.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// A squared error of D counts min(alpha^2 / sigma^2, gamma): as NoiseWeighting where there is more noise, and less
/// than by it at early times, whose errors are easy to make small. For images. Hang et al. 2023, arXiv:2303.09556,
/// section 3.4.
struct MinSnrWeighting {
  double gamma = 5;

  /// Throws InvalidArgument unless gamma is positive and finite.
  void validate() const {
    if (!(gamma > 0 && std::isfinite(gamma)))
      throw InvalidArgument("MinSnrWeighting", "a positive, finite gamma", text(gamma), "5 is usual");
  }
  std::string settings() const { return settings_text("MinSnrWeighting", {{"gamma", gamma}}); }

  template <Sde Equation, Real Scalar>
  Scalar root(const Equation&, const NoiseLevel<Scalar>& level) const {
    return std::min(level.alpha, static_cast<Scalar>(std::sqrt(gamma)) * level.sigma);
  }
};

}  // namespace scorefield
