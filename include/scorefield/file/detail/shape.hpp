/// Shapes of arrays in files.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// The product of `first` and sizes, or nothing where one is negative or the product does not fit an Index on the way.
inline std::optional<Index> checked_product(std::span<const Index> sizes, Index first = 1) {
  for (const Index size : sizes) {
    if (size < 0 || (size != 0 && first > std::numeric_limits<Index>::max() / size)) return {};
    first *= size;
  }
  return first;
}

/// As Python writes a tuple: "(3, 2)".
inline std::string shape_text(std::span<const Index> shape) {
  std::string axes;
  for (const Index size : shape) axes += text(axes.empty() ? "" : ", ", size);
  return '(' + axes + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace scorefield::detail
