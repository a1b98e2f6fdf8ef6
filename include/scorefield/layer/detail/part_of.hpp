/// The part of a flat parameter vector, or of its gradient, that belongs to one layer of several.
#pragma once

#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Entries [first, first + count) of v; nothing of a v without numbers, as a gradient that is not wanted has none.
template <class View>
View part_of(View v, Index first, Index count) {
  return v.size() == 0 ? View(v.data(), 0) : segment(v, first, count);
}

}  // namespace scorefield::detail
