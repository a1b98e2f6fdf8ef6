/// The shape of an image sample: height, width and channels, and how its numbers are arranged.
#pragma once

#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Height x width pixels of `channels` numbers: rows from the top, pixels from the left, the channels of a pixel side
/// by side. A sample is a column of size() numbers, and the same memory is channels x pixels().
struct ImageShape {
  Index height = 0;
  Index width = 0;
  Index channels = 0;

  constexpr Index pixels() const { return height * width; }
  constexpr Index size() const { return pixels() * channels; }
  constexpr bool operator==(const ImageShape&) const = default;
};

namespace detail {

/// The shape, or InvalidArgument where one of its sizes is not positive.
inline ImageShape checked_shape(const std::string& operation, const ImageShape& shape) {
  if (shape.height < 1 || shape.width < 1 || shape.channels < 1)
    throw InvalidArgument(operation, "an image of positive height, width and channels",
                          text(shape.height, " x ", shape.width, " x ", shape.channels),
                          "say all three: {.height = 28, .width = 28, .channels = 1}");
  return shape;
}

}  // namespace detail

}  // namespace scorefield
