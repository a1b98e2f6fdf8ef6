/// The monotone map of one row of data to numbers of mean 0 and deviation 1, with its inverse and its derivatives.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/row.hpp"

namespace scorefield::detail {

inline constexpr std::array<std::string_view, 5> kind_names{"any", "constant", "positive", "bounded", "ranked"};

/// u -> z = (w(u) - mean) / deviation, where w is u itself, its logarithm, the logit of its place between two bounds,
/// or the normal quantile of its rank. A deviation of 0 is a constant, of which z is 0.
struct RowMap {
  RowKind kind = RowKind::any;
  double lower = 0, upper = 0;        // of a bounded row
  std::vector<double> ranked, score;  // increasing numbers of a ranked row, and the normal quantiles of their ranks
  double mean = 0, deviation = 0;     // of w; a constant's own number is in `mean`

  bool constant() const { return deviation == 0; }

  /// Whether u is a number that the row may have. NaN is one, for what is not given is passed through.
  bool takes(double u) const {
    if (std::isnan(u)) return true;
    if (constant()) return u == mean;
    if (kind == RowKind::positive) return u > 0;
    return kind != RowKind::bounded || (u > lower && u < upper);
  }

  double to_model(double u) const {
    if (constant()) return std::isnan(u) ? u : 0;
    return (unbounded(u) - mean) / deviation;
  }

  double to_data(double z) const {
    if (constant()) return std::isnan(z) ? z : mean;
    const double w = multiply_add(deviation, z, mean);
    switch (kind) {
      case RowKind::positive:
        return std::exp(w);
      case RowKind::bounded:
        return multiply_add(upper - lower, 1 / (1 + std::exp(-w)), lower);
      case RowKind::ranked:
        return along(score, ranked, w);
      default:
        return w;
    }
  }

  /// The next number that the row takes, for one that rounding brought to a bound.
  template <Real T>
  T inside(T u) const {
    if (kind == RowKind::bounded) {
      const auto middle = static_cast<T>(lower + (upper - lower) / 2);
      return std::nextafter(static_cast<T>(u > middle ? upper : lower), middle);
    }
    return kind == RowKind::positive ? std::numeric_limits<T>::min() : u;
  }

  /// log(dz / du); 0 for a constant, which has no density.
  double log_derivative(double u) const {
    if (constant()) return 0;
    switch (kind) {
      case RowKind::positive:
        return -std::log(deviation * u);
      case RowKind::bounded:
        return std::log((upper - lower) / ((u - lower) * (upper - u) * deviation));
      case RowKind::ranked:
        return std::log(slope(ranked, score, segment_of(ranked, u)) / deviation);
      default:
        return -std::log(deviation);
    }
  }

  /// The derivative of log_derivative by u.
  double slope_of_log_derivative(double u) const {
    if (constant()) return 0;
    if (kind == RowKind::positive) return -1 / u;
    return kind == RowKind::bounded ? 1 / (upper - u) - 1 / (u - lower) : 0;
  }

  /// w(u), before it is brought to mean 0 and deviation 1.
  double unbounded(double u) const {
    switch (kind) {
      case RowKind::positive:
        return std::log(u);
      case RowKind::bounded:
        return std::log((u - lower) / (upper - u));
      case RowKind::ranked:
        return along(ranked, score, u);
      default:
        return u;
    }
  }

 private:
  /// The segment [i, i + 1] of increasing numbers that x is in, or the whole of them, `size() - 1`, where it is
  /// outside.
  static std::size_t segment_of(const std::vector<double>& from, double x) {
    if (!(x >= from.front() && x <= from.back())) return from.size() - 1;
    const auto above = static_cast<std::size_t>(std::upper_bound(from.begin(), from.end(), x) - from.begin());
    return std::min(std::max<std::size_t>(above, 1), from.size() - 1) - 1;
  }

  static double slope(const std::vector<double>& from, const std::vector<double>& to, std::size_t i) {
    if (i + 1 == from.size()) return (to.back() - to.front()) / (from.back() - from.front());
    return (to[i + 1] - to[i]) / (from[i + 1] - from[i]);
  }

  /// The piecewise linear function through points (from, to), and beyond them with the slope from the first to the
  /// last.
  static double along(const std::vector<double>& from, const std::vector<double>& to, double x) {
    assert(from.size() > 1);
    const std::size_t i = segment_of(from, x);
    const std::size_t start = i + 1 < from.size() ? i : x < from.front() ? 0 : i;
    return multiply_add(x - from[start], slope(from, to, i), to[start]);
  }
};

using RowMaps = std::vector<RowMap>;

/// Throws InvalidArgument for number u in row i and column j of what is called `of`, which its map does not take.
[[noreturn]] inline void refuse_number(const char* operation, const char* of, const RowMap& row, double u, Index i,
                                       Index j) {
  std::string expected = row.kind == RowKind::bounded    ? text("numbers above ", row.lower, " and below ", row.upper)
                         : row.kind == RowKind::positive ? std::string("numbers above 0")
                         : row.constant()                ? text("the constant ", row.mean)
                                                         : std::string("one number");
  throw InvalidArgument(operation, expected + text(" in row ", i, " of ", of), text(u, " in column ", j),
                        row.kind == RowKind::bounded    ? "take wider bounds, or repair the data"
                        : row.kind == RowKind::positive ? "declare the row Row::any(), or repair the data"
                                                        : "the model has seen no other");
}

}  // namespace scorefield::detail
