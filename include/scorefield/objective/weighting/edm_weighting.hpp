/// EDM's weighting: errors of the preconditioned network's output count alike at all noise levels.
#pragma once

#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// A squared error of D counts (s^2 + d^2) / (s d)^2 at a deviation of the noise of s = sigma / alpha, in units of the
/// data, and one of the data of d. With the times of LogNormalSigma it is the loss of EDM. Karras et al. 2022,
/// arXiv:2206.00364, table 1.
struct EdmWeighting {
  double data_deviation = 0.5;

  /// Throws InvalidArgument unless the deviation is positive and finite.
  void validate() const {
    if (!(data_deviation > 0 && std::isfinite(data_deviation)))
      throw InvalidArgument("EdmWeighting", "a positive, finite data_deviation", text(data_deviation),
                            "0.5 is EDM's, of images in [-1, 1]");
  }
  std::string settings() const { return settings_text("EdmWeighting", {{"data_deviation", data_deviation}}); }

  template <Sde Equation, Real Scalar>
  Scalar root(const Equation&, const NoiseLevel<Scalar>& level) const {
    const Scalar noise = level.sigma / static_cast<Scalar>(data_deviation);
    return std::sqrt(multiply_add(noise, noise, level.alpha * level.alpha));
  }
};

}  // namespace scorefield
