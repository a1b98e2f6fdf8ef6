/// The check of numbers of rows that are said to be different ones of a sample.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument, which calls them `what`, unless they are different numbers in [0, d).
inline void check_different(const char* operation, const char* what, const std::vector<Index>& rows, Index d) {
  std::vector<bool> taken(static_cast<std::size_t>(std::max<Index>(d, 0)));
  for (const Index row : rows) {
    if (row < 0 || row >= d || taken[static_cast<std::size_t>(row)])
      throw InvalidArgument(operation, text("different ", what, " from 0 to ", d - 1), text(row),
                            "they are rows of a sample");
    taken[static_cast<std::size_t>(row)] = true;
  }
}

}  // namespace scorefield::detail
