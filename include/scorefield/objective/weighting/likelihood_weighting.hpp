/// The likelihood weighting: with it the loss bounds the log-likelihood (maximum-likelihood training).
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// A squared error of the score counts g^2, which makes half the integral of the loss over time, but for a constant, a
/// bound of the negative log-likelihood. The error of the score is alpha (D - x0) / sigma^2. For densities; early times
/// own the loss, so that it wants LikelihoodTime. Song, Durkan et al. 2021, arXiv:2101.09258, theorem 1.
struct LikelihoodWeighting {
  void validate() const {}
  std::string settings() const { return settings_text("LikelihoodWeighting", {}); }

  /// 0 where no signal is left: there the score does not depend on the data, though g may be infinite.
  template <Sde Equation, Real Scalar>
  Scalar root(const Equation& sde, const NoiseLevel<Scalar>& level) const {
    return level.alpha > 0 ? sde.diffusion(level.t) * level.alpha / level.sigma : Scalar(0);
  }
};

}  // namespace scorefield
