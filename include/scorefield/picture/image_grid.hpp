/// Grids of images side by side.
#pragma once

#include <algorithm>
#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"

namespace scorefield {

struct ImageGridOptions {
  /// Pixels of one image.
  Index height = 0, width = 0;
  /// Images in a row; 0: about as many as there are rows of them.
  Index columns = 0;
  /// How many pixels of the picture a pixel is high and wide, from 1 to 100.
  Index scale = 1;
  /// Pixels between images and around them, from 0 to 100.
  Index margin = 1;
};

namespace detail {

/// The number of channels, 1 or 3.
inline Index check_image_grid(Index rows, Index count, const ImageGridOptions& options) {
  const auto& [height, width, columns, scale, margin] = options;
  constexpr Index most = 65'535;
  if (height < 1 || width < 1 || height > most || width > most)
    throw InvalidArgument("image_grid", text("images of 1 to ", most, " pixels height and width"),
                          text(height, " x ", width), "say both: {.height = 28, .width = 28}");
  const Index pixels = height * width;
  if (rows != pixels && rows != 3 * pixels)
    throw InvalidArgument("image_grid", text("samples of ", pixels, " numbers, or ", 3 * pixels, " for colours"),
                          text(rows, " rows"), "a column is an image, row by row, the colours of a pixel side by side");
  if (count == 0) throw InvalidArgument("image_grid", "at least one image", "none", "pass images to show");
  if (columns < 0 || scale < 1 || scale > 100 || margin < 0 || margin > 100)
    throw InvalidArgument("image_grid", "columns from 0 on, a scale of 1 to 100 and a margin of 0 to 100",
                          text(columns, " columns, scale ", scale, ", margin ", margin), "draw a smaller picture");
  return rows / pixels;
}

}  // namespace detail

/// Draws the columns of samples, height * width or 3 * height * width numbers each, as images in a grid, row by row
/// from the upper left: 0 is black and 1 is white, what lies beyond is clamped; three numbers a pixel are red, green
/// and blue. Grey lines separate them. Throws InvalidArgument when there is no image, the sizes do not fit or an option
/// is out of range; NonFinite when a number is not finite.
template <class Derived>
Canvas image_grid(const Eigen::MatrixBase<Derived>& samples, const ImageGridOptions& options) {
  constexpr Colour grey{0.4f, 0.4f, 0.4f};
  using Scalar = typename Derived::Scalar;
  const Matrix<Scalar> images = samples;
  const Index count = images.cols(), channels = detail::check_image_grid(images.rows(), count, options);
  const auto& [height, width, columns, scale, margin] = options;
  for (Index j = 0; j < count; ++j)
    if (!images.col(j).allFinite())
      throw NonFinite("image_grid", "finite numbers", text("a NaN or an infinity in sample (column) ", j),
                      "look for what made it");

  const auto about_square = static_cast<Index>(std::ceil(std::sqrt(static_cast<double>(count))));
  const Index across = std::min(count, columns == 0 ? about_square : columns), down = (count + across - 1) / across;
  const Index pitch_x = scale * width + margin, pitch_y = scale * height + margin;
  Canvas canvas(across * pitch_x + margin, down * pitch_y + margin, grey);
  for (Index j = 0; j < count; ++j) {
    const Index left = margin + j % across * pitch_x, top = margin + j / across * pitch_y;
    for (Index y = 0; y < scale * height; ++y)
      for (Index x = 0; x < scale * width; ++x) {
        const Scalar* pixel = images.col(j).data() + channels * (y / scale * width + x / scale);
        const auto part = [&](Index channel) {
          return static_cast<float>(std::clamp(pixel[channel % channels], Scalar{0}, Scalar{1}));
        };
        canvas.at(left + x, top + y) = {part(0), part(1), part(2)};
      }
  }
  return canvas;
}

}  // namespace scorefield
