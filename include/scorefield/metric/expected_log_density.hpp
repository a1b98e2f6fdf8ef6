/// Expected log density (held-out log likelihood, log score) of a model, with its standard error.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/metric/measured.hpp"

namespace scorefield {

/// The mean of the log densities (n, in nats) that a model gives points which it was not trained on, and the standard
/// error by their spread; where each has an error of its own that is independent, the spread has it too. It is at most
/// that of the truth, and higher the nearer the model is: a proper score (Gneiting and Raftery 2007, JASA 102, section
/// 4.1). Of two models on the same points, pass the differences. Throws InvalidArgument for fewer than two, NonFinite
/// for those that are not finite, as of points that a model holds to be impossible.
inline Measured expected_log_density(const Vector<double>& log_densities) {
  const Index n = log_densities.size();
  if (n < 2)
    throw InvalidArgument("expected_log_density", "log densities of two points or more", text(n),
                          "hundreds are usual, for their spread tells the error");
  if (!log_densities.allFinite())
    throw NonFinite("expected_log_density", "finite log densities", "a NaN or an infinity",
                    "look at the point that has it");
  const double mean = log_densities.sum() / static_cast<double>(n);
  double squares = 0;
  for (const double value : log_densities) squares = multiply_add(value - mean, value - mean, squares);
  return {mean, std::sqrt(squares / (static_cast<double>(n) * static_cast<double>(n - 1)))};
}

}  // namespace scorefield
