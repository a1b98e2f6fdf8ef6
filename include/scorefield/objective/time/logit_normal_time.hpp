/// The logit-normal distribution of training times, with more of them in the middle.
#pragma once

#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/time/concept.hpp"
#include "scorefield/objective/time/detail/normal_quantile.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// log(t / (1 - t)) is normal. It is meant to change what counts: weights are 1. For rectified flow, where the middle
/// times are the hardest. Esser et al. 2024, arXiv:2403.03206, section 3.1.
struct LogitNormalTime {
  double mean = 0;
  double deviation = 1;

  /// Throws InvalidArgument unless the mean is in [-10, 10] and the deviation in (0, 10]; beyond that times would be 0
  /// and 1 alone.
  template <Sde Equation>
  void validate(const Equation&) const {
    if (!(std::abs(mean) <= 10 && deviation > 0 && deviation <= 10))
      throw InvalidArgument("LogitNormalTime", "a mean in [-10, 10] and a deviation in (0, 10]",
                            text(mean, " and ", deviation), "0 and 1 are usual");
  }
  std::string settings() const { return settings_text("LogitNormalTime", {{"mean", mean}, {"deviation", deviation}}); }

  template <Sde Equation, Real Scalar>
  WeightedTime<Scalar> draw(const Equation&, Scalar u, Index, Index) const {
    const double logit = multiply_add(deviation, detail::bounded_normal_quantile(static_cast<double>(u)), mean);
    return {static_cast<Scalar>(1 / (1 + std::exp(-logit))), 1};
  }
};

}  // namespace scorefield
