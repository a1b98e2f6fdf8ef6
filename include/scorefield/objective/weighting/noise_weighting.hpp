/// The weighting by which errors of the noise (eps) count alike at all times.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// The noise is eps = (x - alpha x0) / sigma, so that its error is alpha (D - x0) / sigma: sigma^2 times a squared
/// error of the score. Song et al. 2021, arXiv:2011.13456, section 3.3; Ho, Jain and Abbeel 2020, arXiv:2006.11239,
/// equation 14.
struct NoiseWeighting {
  void validate() const {}
  std::string settings() const { return settings_text("NoiseWeighting", {}); }

  template <Sde Equation, Real Scalar>
  Scalar root(const Equation&, const NoiseLevel<Scalar>& level) const {
    return level.alpha;
  }
};

}  // namespace scorefield
