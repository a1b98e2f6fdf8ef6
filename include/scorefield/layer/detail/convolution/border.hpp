/// Images with room around them.
#pragma once

#include <algorithm>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield::detail {

/// Pixels added to an image: `before` above and to the left, `after` below and to the right.
struct Border {
  RowsAndColumns before = 0, after = 0;

  ImageShape around(const ImageShape& image) const {
    return {before.rows + image.height + after.rows, before.columns + image.width + after.columns, image.channels};
  }
};

/// Copies images, a column each, into larger ones, and leaves the border there as it is.
template <Real Scalar>
void copy_inside(const ConstImagePairView<Scalar>& images, const ImageShape& shape, const Border& border,
                 MatrixView<Scalar> larger) {
  const Index larger_row = border.around(shape).width * shape.channels;
  const auto copy_part = [&](Index first, Index channels, const auto& part) {
    // What is side by side in both is copied at once: a row, or a pixel of a part.
    const Index row = shape.width * channels, run = channels == shape.channels ? row : channels;
    for (Index j = 0; j < part.cols(); ++j) {
      const Scalar* from = part.col(j).data();
      Scalar* to =
          larger.col(j).data() + border.before.rows * larger_row + border.before.columns * shape.channels + first;
      for (Index y = 0; y < shape.height; ++y, from += row, to += larger_row)
        for (Index i = 0, x = 0; i < row; i += run, ++x) std::copy_n(from + i, run, to + x * shape.channels);
    }
  };
  for_each_part(shape.pixels(), copy_part, images);
}

}  // namespace scorefield::detail
