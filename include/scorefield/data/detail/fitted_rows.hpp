/// Maps of rows to mean 0 and deviation 1, fitted to data.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/detail/row_map.hpp"
#include "scorefield/data/detail/row_scale.hpp"
#include "scorefield/data/row.hpp"

namespace scorefield::detail {

/// z with P(normal <= z) = p, for p in (0, 1).
inline double normal_quantile(double p) {
  double low = -40, high = 40;
  for (int i = 0; i < 80; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::numbers::sqrt2) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// The normal quantiles of the ranks of numbers, of which not all are the same. Those that are the same have the
/// middle of their ranks. Of n numbers up to sqrt(n) different ones are kept, evenly: between two of them the density
/// is as their distance happens to be, and by neighbours its logarithm would be 0.58 too low a row on average.
inline void rank(std::vector<double> sorted, RowMap& row) {
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> distinct, middle;
  for (std::size_t first = 0; first < sorted.size();) {
    std::size_t end = first + 1;
    while (end < sorted.size() && sorted[end] == sorted[first]) ++end;
    distinct.push_back(sorted[first]);
    middle.push_back(static_cast<double>(first + end) / 2 / static_cast<double>(sorted.size()));
    first = end;
  }
  const auto most = static_cast<std::size_t>(std::clamp(std::sqrt(static_cast<double>(sorted.size())), 2.0, 256.0));
  const std::size_t count = std::min(most, distinct.size());
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t at = k * (distinct.size() - 1) / (count - 1);
    row.ranked.push_back(distinct[at]);
    row.score.push_back(normal_quantile(middle[at]));
  }
}

/// The map of rows first, first + stride, ... of numbers, of which those that are NaN are not looked at.
template <Real T>
RowMap fitted_row(const char* of, const Matrix<T>& numbers, Index first, Index stride, const Row& declared) {
  if (declared.kind == RowKind::bounded &&
      !(std::isfinite(declared.lower) && std::isfinite(declared.upper) && declared.lower < declared.upper))
    throw InvalidArgument("Row::bounded", "finite bounds, the lower one first",
                          text(declared.lower, " and ", declared.upper), "Row::positive() has no upper bound");
  RowMap row;
  row.kind = declared.kind;
  row.lower = static_cast<double>(static_cast<T>(declared.lower));  // as data that are there would be
  row.upper = static_cast<double>(static_cast<T>(declared.upper));
  row.deviation = 1;  // until it is known, so that the row is no constant
  const auto for_each = [&](const auto& f) {
    for (Index j = 0; j < numbers.cols(); ++j)
      for (Index i = first; i < numbers.rows(); i += stride)
        if (!std::isnan(numbers(i, j))) f(static_cast<double>(numbers(i, j)), i, j);
  };
  RowScale of_data;
  for_each([&](double u, Index i, Index j) {
    of_data.add(u);
    if (!row.takes(u) || (declared.kind == RowKind::constant && !of_data.constant()))
      refuse_number("Units::fit", of, row, u, i, j);
  });
  if (of_data.constant()) {
    row.kind = RowKind::constant;
    row.mean = of_data.least;
    row.deviation = 0;
    return row;
  }
  if (row.kind == RowKind::ranked) {
    std::vector<double> sorted;
    for_each([&](double u, Index, Index) { sorted.push_back(u); });
    rank(std::move(sorted), row);
  }
  RowScale unbounded;
  for_each([&](double u, Index, Index) { unbounded.add(row.unbounded(u)); });
  row.mean = unbounded.mean();
  row.deviation = unbounded.deviation();
  if (!(row.deviation > 0 && std::isfinite(row.deviation)))
    throw InvalidArgument("Units::fit", text("a deviation that double can tell, in row ", first, " of ", of),
                          text("one of ", row.deviation, " around ", row.mean),
                          "subtract what all numbers have in common");
  return row;
}

/// Maps that are shared by rows i, i + count, i + 2 count, ...
template <Real T>
RowMaps fitted_rows(const char* of, const Matrix<T>& numbers, Index count, const std::vector<Row>& declared) {
  if (!declared.empty() && static_cast<Index>(declared.size()) != count)
    throw InvalidArgument("Units::fit", text("a declaration for each of ", count, " rows of ", of, ", or none"),
                          text(declared.size()), "Row::any() is for rows of which nothing is known");
  RowMaps rows;
  for (Index i = 0; i < count; ++i)
    rows.push_back(
        fitted_row(of, numbers, i, count, declared.empty() ? Row::any() : declared[static_cast<std::size_t>(i)]));
  return rows;
}

}  // namespace scorefield::detail
