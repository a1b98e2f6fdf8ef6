/// The check of sample counts and indices: which samples of a seed can be asked for.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Throws InvalidArgument unless random numbers tell samples first, ..., first + count - 1 apart and a matrix has
/// indices for `count` columns of `rows` numbers; rows at least 1. Memory is not looked at.
inline void check_sample_range(const std::string& operation, Index rows, Index count, std::int64_t first = 0) {
  if (count < 0 || first < 0 || first > most_samples || count > most_samples - first)
    throw InvalidArgument(operation, "a count and a first index >= 0, up to sample 2^48", text(count, " and ", first),
                          "count is the number of samples to draw");
  const Index most = std::numeric_limits<Index>::max() / rows;
  if (count > most)
    throw InvalidArgument(operation, text("at most ", most, " samples of ", rows, " numbers"), text(count),
                          "ask for them in several calls");
}

}  // namespace scorefield::detail
