/// Images with room around them.
#pragma once

#include <algorithm>

#include "scorefield/core/types.hpp"
#include "scorefield/layer/image_shape.hpp"

namespace scorefield::detail {

/// Pixels added to an image: `before` above and to the left, `after` below and to the right.
struct Border {
  Index before = 0, after = 0;

  ImageShape around(const ImageShape& image) const {
    return {before + image.height + after, before + image.width + after, image.channels};
  }
};

/// Copies images, a column each, into larger ones, and leaves the border there as it is.
template <Real Scalar>
void copy_inside(ConstMatrixView<Scalar> images, const ImageShape& shape, const Border& border,
                 MatrixView<Scalar> larger) {
  const Index row = shape.width * shape.channels, larger_row = border.around(shape).width * shape.channels;
  for (Index j = 0; j < images.cols(); ++j) {
    const Scalar* from = images.col(j).data();
    Scalar* to = larger.col(j).data() + border.before * (larger_row + shape.channels);
    for (Index y = 0; y < shape.height; ++y) std::copy_n(from + y * row, row, to + y * larger_row);
  }
}

}  // namespace scorefield::detail
