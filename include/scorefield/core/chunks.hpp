/// Chunks: a range cut into pieces of a fixed size, on which results may depend, as they may not on threads.
#pragma once

#include <algorithm>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// [0, count) cut into pieces of `size`, the last one shorter.
struct Chunks {
  Index count;  // from 0 on
  Index size;   // from 1 on

  Index pieces() const { return count / size + (count % size > 0); }
  Index first(Index piece) const { return piece * size; }
  Index length(Index piece) const { return std::min(size, count - first(piece)); }
};

}  // namespace scorefield
