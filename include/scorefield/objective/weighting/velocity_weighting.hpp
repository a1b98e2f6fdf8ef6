/// The weighting by which errors of the velocity (v) count alike at all times.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/weighting/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// The velocity is v = alpha eps - sigma x0, so that its error is (alpha^2 + sigma^2) (D - x0) / sigma. Late times,
/// which decide on shapes, count for more than by NoiseWeighting. For a prediction that is right at t = 1 from the
/// start, LinearDenoiserCorrection or VelocityPrediction: of others the last times would own the gradient. Salimans and
/// Ho 2022, arXiv:2202.00512, section 4.
struct VelocityWeighting {
  void validate() const {}
  std::string settings() const { return settings_text("VelocityWeighting", {}); }

  template <Sde Equation, Real Scalar>
  Scalar root(const Equation&, const NoiseLevel<Scalar>& level) const {
    return multiply_add(level.alpha, level.alpha, level.sigma * level.sigma);
  }
};

}  // namespace scorefield
