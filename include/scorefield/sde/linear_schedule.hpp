/// The noise rate that grows linearly in time.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// beta(t) = beta_min + (beta_max - beta_min) t. Song et al. 2021, arXiv:2011.13456, appendix C, equation 32; the
/// defaults are theirs.
template <Real S>
class LinearSchedule {
 public:
  using Scalar = S;

  /// Throws InvalidArgument unless 0 <= beta_min, beta_max and 0 < beta_min + beta_max < infinity.
  explicit LinearSchedule(Scalar beta_min = Scalar(0.1), Scalar beta_max = Scalar(20))
      : beta_min_(beta_min), slope_(beta_max - beta_min) {
    if (!(beta_min >= 0 && beta_max >= 0 && beta_min + beta_max > 0 && std::isfinite(beta_min + beta_max)))
      throw InvalidArgument("LinearSchedule", "finite rates beta_min >= 0 and beta_max >= 0, not both 0",
                            text(beta_min, " and ", beta_max), "0.1 and 20 suit data of deviation about 1");
  }

  Scalar rate(Scalar t) const { return beta_min_ + slope_ * t; }
  Scalar integral(Scalar t) const { return t * (beta_min_ + slope_ * t / 2); }

 private:
  Scalar beta_min_, slope_;
};

}  // namespace scorefield
