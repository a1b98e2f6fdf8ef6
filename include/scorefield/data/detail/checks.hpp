/// Checks of the arguments of toy distributions.
#pragma once

#include <cmath>

#include "scorefield/core/detail/sample_range.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument unless there can be `points` samples of `rows` numbers.
inline void check_points(const char* operation, Index rows, Index points) {
  if (points < 0) throw InvalidArgument(operation, "a number of points from 0 on", text(points), "ask for 0 or more");
  check_sample_range(operation, rows, points);
}

/// `noise` as a Scalar, if it is a deviation that a Scalar can hold.
template <Real Scalar>
Scalar checked_noise(const char* operation, double noise) {
  const auto deviation = static_cast<Scalar>(noise);
  if (!std::isfinite(deviation) || deviation < 0)
    throw InvalidArgument(operation, "a finite noise from 0 on", text(noise),
                          "noise is the standard deviation of what is added to each coordinate; 0 adds nothing");
  return deviation;
}

}  // namespace scorefield::detail
