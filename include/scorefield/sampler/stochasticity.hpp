/// Stochasticity: the reverse equations from the probability flow (0) through the reverse equation (1) to more noise.
///
/// For each r >= 0, the stochasticity, solutions of
///   dx = (f(t) x - (1 + r) / 2 g(t)^2 score) dt + sqrt(r) g(t) dw,   from t = 1 down to 0,
/// have the same distribution at each time: with 0 along the probability flow, with 1 along the reverse equation. The
/// more, the sooner a sample forgets what an inexact score did to it earlier, and the smaller the steps must be: where
/// the score is learnt, 2 often draws better images than 0 or 1. Xue et al. 2023, arXiv:2309.05019, section 4, where r
/// is tau^2.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument, naming the operation, where times rise.
inline void check_falls(const char* operation, bool rises) {
  if (rises)
    throw InvalidArgument(operation, "falling times", "rising ones", "the probability flow alone goes both ways");
}

/// Throws InvalidArgument, naming the operation, unless it is finite and not negative, and 0 on times that rise.
inline void check_stochasticity(const char* operation, double stochasticity, bool rises) {
  if (rises && stochasticity != 0)
    throw InvalidArgument(operation, "stochasticity 0 on rising times", text(stochasticity),
                          "the probability flow alone goes both ways");
  if (!(std::isfinite(stochasticity) && stochasticity >= 0))
    throw InvalidArgument(operation, "a finite stochasticity >= 0", text(stochasticity),
                          "0 follows the probability flow, 1 the reverse equation, and 2 often draws better images");
}

}  // namespace scorefield::detail
