/// Mean, deviation and range of numbers that are looked at one after the other.
#pragma once

#include <algorithm>
#include <cmath>

#include "scorefield/core/simd/fused.hpp"

namespace scorefield::detail {

/// Sums of what is left after a first number, because squares of numbers far from 0 would cancel. All is 0 of none.
struct RowScale {
  double shift = 0, sum = 0, squares = 0, count = 0, least = 0, largest = 0;

  void add(double u) {
    if (count == 0) shift = least = largest = u;
    least = std::min(least, u);
    largest = std::max(largest, u);
    sum += u - shift;
    squares = multiply_add(u - shift, u - shift, squares);
    ++count;
  }

  bool constant() const { return least == largest; }
  double mean() const { return count > 0 ? shift + sum / count : 0; }
  double deviation() const {
    if (count == 0) return 0;
    const double off = sum / count;
    return std::sqrt(std::max(0.0, multiply_add(-off, off, squares / count)));
  }
  /// The largest distance from the mean.
  double farthest() const { return std::max(largest - mean(), mean() - least); }
};

}  // namespace scorefield::detail
