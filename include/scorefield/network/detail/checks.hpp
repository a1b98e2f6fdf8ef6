/// Checks of what networks are made of.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"

namespace scorefield::detail {

/// The size, or InvalidArgument where it is not positive.
inline Index checked_chunk_size(const std::string& operation, Index size) {
  if (size < 1)
    throw InvalidArgument(operation, "a chunk_size of at least 1", text(size),
                          "16 suits networks on images, and 64 smaller ones");
  return size;
}

/// Throws InvalidArgument where the layer looks at a context.
template <Layer L>
void check_no_context(const std::string& operation, const L& layer) {
  if (layer.context_size() > 0)
    throw InvalidArgument(operation, "layers without a context", text("one of ", layer.context_size(), " numbers"),
                          "TimeEmbedded gives its layers one");
}

}  // namespace scorefield::detail
