/// Training times that are uniform.
#pragma once

#include <string>

#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/detail/first_time.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// t uniform in [t_min, 1]; t_min keeps clear of t = 0, where the score of a finite data set is unbounded. Song et al.
/// 2021, arXiv:2011.13456, equation 7.
struct UniformTime {
  double t_min = 1e-4;

  /// Throws InvalidArgument unless t_min is in (0, 1).
  template <Sde Equation>
  void validate(const Equation&) const {
    detail::check_first_time("UniformTime", t_min);
  }
  std::string settings() const { return settings_text("UniformTime", {{"t_min", t_min}}); }

  template <Sde Equation, Real Scalar>
  WeightedTime<Scalar> draw(const Equation&, Scalar u, Index, Index) const {
    const auto first = static_cast<Scalar>(t_min);
    return {multiply_add(1 - first, u, first), 1};
  }
};

}  // namespace scorefield
