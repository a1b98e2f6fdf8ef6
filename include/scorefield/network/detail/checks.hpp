/// What networks check of their sizes.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// The size, or InvalidArgument where it is not positive.
inline Index checked_chunk_size(const std::string& operation, Index size) {
  if (size < 1)
    throw InvalidArgument(operation, "a chunk_size of at least 1", text(size),
                          "16 suits networks on images, and 64 smaller ones");
  return size;
}

}  // namespace scorefield::detail
