/// Training times by a power law, more of them early: importance sampling of noise levels.
#pragma once

#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/detail/first_time.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// t = t_min + (1 - t_min) u^exponent with u uniform in [0, 1], and losses are weighted so that their mean stays. Of
/// images the largest losses are at early times: drawing these more often makes the gradient less noisy, as importance
/// sampling does for another weighting in Song, Durkan et al. 2021, arXiv:2101.09258.
struct PowerLawTime {
  double exponent = 2;
  double t_min = 1e-4;

  /// Throws InvalidArgument unless the exponent is finite and at least 1, and t_min is in (0, 1).
  template <Sde Equation>
  void validate(const Equation&) const {
    if (!(exponent >= 1 && std::isfinite(exponent)))
      throw InvalidArgument("PowerLawTime", "a finite exponent from 1 on", text(exponent),
                            "1 draws uniform times, 2 more of the early ones");
    detail::check_first_time("PowerLawTime", t_min);
  }
  std::string settings() const { return settings_text("PowerLawTime", {{"exponent", exponent}, {"t_min", t_min}}); }

  template <Sde Equation, Real Scalar>
  WeightedTime<Scalar> draw(const Equation&, Scalar u, Index, Index) const {
    const auto first = static_cast<Scalar>(t_min), power_of = static_cast<Scalar>(exponent);
    const Scalar power = std::pow(u, power_of - 1);
    return {multiply_add((1 - first) * u, power, first), power_of * power};
  }
};

}  // namespace scorefield
