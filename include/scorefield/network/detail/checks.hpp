/// Checks of what networks are made of.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"

namespace scorefield::detail {

/// No size of a network that is read from a file is larger, so that no product of sizes overflows.
inline constexpr Index largest_stored_size = Index{1} << 20;
/// Nor has it more blocks, each of which takes memory of its own before a parameter is read.
inline constexpr Index largest_stored_count = Index{1} << 10;

/// The size, or InvalidArgument where it is not positive.
inline Index checked_chunk_size(const std::string& operation, Index size) {
  if (size < 1)
    throw InvalidArgument(operation, "a chunk_size of at least 1", text(size),
                          "16 suits networks on images, and 64 smaller ones");
  return size;
}

/// The numbers that a sample is given, or InvalidArgument where they are negative.
inline Index checked_condition(const std::string& operation, Index condition) {
  if (condition < 0)
    throw InvalidArgument(operation, "a condition of 0 or more numbers", text(condition),
                          "0 is for samples that are given nothing");
  return condition;
}

/// Throws InvalidArgument where an option is below the smallest that makes a network.
inline void check_least(const std::string& operation, const std::string& name, Index value, Index smallest,
                        const std::string& hint) {
  if (value < smallest) throw InvalidArgument(operation, text(name, " from ", smallest, " on"), text(value), hint);
}

/// Throws InvalidArgument where the layer looks at a context.
template <Layer L>
void check_no_context(const std::string& operation, const L& layer) {
  if (layer.context_size() > 0)
    throw InvalidArgument(operation, "layers without a context", text("one of ", layer.context_size(), " numbers"),
                          "TimeEmbedded gives its layers one");
}

}  // namespace scorefield::detail
