/// The flow-matching weighting: errors of the straight flow eps - x0 count alike at all times.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// With eps = (x - alpha x0) / sigma the error of eps - x0 is (alpha + sigma) (D - x0) / sigma. Under rectified flow,
/// alpha = 1 - t and sigma = t, eps - x0 is the velocity dx/dt, and this is the loss of flow matching. Lipman et al.
/// 2023, arXiv:2210.02747, equation 23; Liu et al. 2023, arXiv:2209.03003, equation 1.
struct FlowWeighting {
  void validate() const {}
  std::string settings() const { return settings_text("FlowWeighting", {}); }

  template <Sde Equation, Real Scalar>
  Scalar root(const Equation&, const NoiseLevel<Scalar>& level) const {
    return level.alpha + level.sigma;
  }
};

}  // namespace scorefield
