/// Copies the top left corner that images of two sizes have in common, for ZeroPad and Crop.
#pragma once

#include <algorithm>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Copies the pixels that images of both shapes have, in `columns` images with as many channels; what else is in `to`
/// stays.
template <Real Scalar>
void copy_corner(const Scalar* from, const ImageShape& shape, Scalar* to, const ImageShape& to_shape, Index columns) {
  const Index rows = std::min(shape.height, to_shape.height), c = shape.channels;
  const Index row = std::min(shape.width, to_shape.width) * c;
  for (Index j = 0; j < columns; ++j)
    for (Index y = 0; y < rows; ++y)
      std::copy_n(from + j * shape.size() + y * shape.width * c, row,
                  to + j * to_shape.size() + y * to_shape.width * c);
}

}  // namespace scorefield::detail
