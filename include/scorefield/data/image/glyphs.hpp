/// Synthetic handwritten digits in the manner of MNIST: images for a network to learn, without a file to read.
#pragma once

#include <cstddef>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/detail/checks.hpp"
#include "scorefield/data/image/detail/digit_pen.hpp"

namespace scorefield {

/// Images and what they show.
template <Real Scalar>
struct Glyphs {
  static constexpr Index height = 28, width = 28;

  Matrix<Scalar> samples;   ///< (height * width) x n: rows from the top, pixels from the left; 0 is paper, 1 is ink
  std::vector<int> labels;  ///< n digits from 0 to 9
};

struct GlyphsOptions {
  Seed seed = 0;
};

/// `count` images of the digits 0 to 9, equally likely, in the manner of MNIST (LeCun, Cortes, Burges): strokes of 2 to
/// 4 pixels in a box of about 20 x 20 whose centre of mass is about that of the image. Style, slant, width, size, place
/// and the bends of each stroke vary. Image j depends on the seed and j alone, and is the same for float and double but
/// for its type. Throws InvalidArgument for a negative count.
template <Real Scalar>
Glyphs<Scalar> glyphs(Index count, const GlyphsOptions& options = {}) {
  detail::check_points("glyphs", Glyphs<Scalar>::height * Glyphs<Scalar>::width, count);
  const Random random(options.seed, "glyphs");
  detail::DigitPen pen(random);
  Glyphs<Scalar> drawn{Matrix<Scalar>(Glyphs<Scalar>::height * Glyphs<Scalar>::width, count),
                       std::vector<int>(static_cast<std::size_t>(count))};
  for (Index j = 0; j < count; ++j) {
    const auto digit = static_cast<int>(random.below(10, j, 1));
    drawn.labels[static_cast<std::size_t>(j)] = digit;
    pen.draw(j, digit, drawn.samples.col(j).data());
  }
  return drawn;
}

}  // namespace scorefield
