/// How much noise a sampler adds on its way, and takes away again.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"

namespace scorefield::detail {

/// For each stochasticity >= 0, solutions of
///   dx = (f(t) x - (1 + stochasticity) / 2 g(t)^2 score) dt + sqrt(stochasticity) g(t) dw,   from t = 1 down to 0,
/// have the same distribution at each time: at 0 along the probability flow, at 1 along the reverse equation. The more,
/// the sooner a sample forgets what an inexact score did to it earlier, and the smaller the steps must be. Xue et al.
/// 2023, arXiv:2309.05019, section 4, where it is tau^2. Throws InvalidArgument, naming the operation, unless it is
/// finite and not negative.
inline double checked_stochasticity(const char* operation, double stochasticity) {
  if (!(std::isfinite(stochasticity) && stochasticity >= 0))
    throw InvalidArgument(operation, "a finite stochasticity >= 0", text(stochasticity),
                          "0 follows the probability flow, 1 the reverse equation, and up to 4 may draw better");
  return stochasticity;
}

}  // namespace scorefield::detail
