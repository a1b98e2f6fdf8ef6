/// What metrics ask of the sets of samples they are given.
#pragma once

#include <string_view>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument unless there are samples, NonFinite, which names the first bad one, unless their numbers are
/// finite.
inline void check_set(std::string_view operation, const Matrix<double>& samples) {
  if (samples.size() == 0)
    throw InvalidArgument(operation, "at least one row and one column", text(samples.rows(), " x ", samples.cols()),
                          "a column is a sample");
  for (Index j = 0; j < samples.cols(); ++j)
    if (!samples.col(j).allFinite())
      throw NonFinite(operation, "finite numbers", text("a NaN or an infinity in sample ", j),
                      "leave such samples out");
}

/// The same of two sets, which have as many rows.
inline void check_sets(std::string_view operation, const Matrix<double>& a, const Matrix<double>& b) {
  check_set(operation, a);
  check_set(operation, b);
  if (a.rows() != b.rows())
    throw InvalidArgument(operation, "samples of as many rows in both sets", text(a.rows(), " and ", b.rows()),
                          "a column is a sample");
}

}  // namespace scorefield::detail
