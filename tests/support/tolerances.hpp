/// What rounding may do, by scalar.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "scorefield/core/types.hpp"

namespace scorefield::test {

template <Real Scalar>
struct Tolerance;

template <>
struct Tolerance<float> {
  static constexpr double epsilon = std::numeric_limits<float>::epsilon();  // 1.2e-7
  static constexpr double formula = 1e-6;  // relative: some ten operations, each off by epsilon / 2
};

template <>
struct Tolerance<double> {
  static constexpr double epsilon = std::numeric_limits<double>::epsilon();  // 2.2e-16
  static constexpr double formula = 2e-15;                                   // relative: some ten operations
  static constexpr double gradient = 1e-6;  // relative: central differences, see gradient_check.hpp
};

/// How many units in the last place of Scalar lie between `got` and `expected`: 0.5 is correctly rounded. Numbers below
/// the smallest normal one are measured in its units; equal infinities and two NaN are 0 apart.
template <Real Scalar>
double ulps(Scalar got, long double expected) {
  using Limits = std::numeric_limits<Scalar>;
  if (std::isnan(expected) || std::isnan(got))
    return std::isnan(expected) && std::isnan(got) ? 0 : std::numeric_limits<double>::infinity();
  if (std::isinf(expected) || std::isinf(got))
    return static_cast<long double>(got) == expected ? 0 : std::numeric_limits<double>::infinity();
  int exponent = 0;
  std::frexp(expected, &exponent);
  exponent = expected == 0 ? Limits::min_exponent : std::max(exponent, Limits::min_exponent);
  const long double unit = std::ldexp(1.0L, exponent - Limits::digits);
  return static_cast<double>(std::abs(static_cast<long double>(got) - expected) / unit);
}

/// |a - b| / max(1, |a|, |b|): relative for large numbers, absolute for small ones.
inline double relative_error(double a, double b) { return std::abs(a - b) / std::max({1.0, std::abs(a), std::abs(b)}); }

}  // namespace scorefield::test
