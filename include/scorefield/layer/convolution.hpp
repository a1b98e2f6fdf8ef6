/// Convolution in two dimensions.
#pragma once

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/detail/convolution/window_layer.hpp"

namespace scorefield {

/// A kernel that moves by `stride` pixels over an image with `padding` zeros around it. Kernel and padding may differ
/// between rows and columns: {.kernel = {1, 3}, .padding = {0, 1}} goes along the rows of an image alone.
struct ConvolutionOptions {
  RowsAndColumns kernel = 3;
  Index stride = 1;
  RowsAndColumns padding = 1;
};

namespace detail {

/// A kernel of odd rows and columns around a pixel in their middle: at stride 1 images keep their size, and at stride 2
/// they are halved, rounded up.
constexpr ConvolutionOptions centred(const RowsAndColumns& kernel, Index stride = 1) {
  return {.kernel = kernel, .stride = stride, .padding = {kernel.rows / 2, kernel.columns / 2}};
}

}  // namespace detail

/// y = f(W * x + b): each pixel of y is W times the window there of x, with W (channels x (kernel rows, kernel columns,
/// input channels)), the last axis fastest, and b (channels). Deep learning calls it a convolution, and signal
/// processing a correlation. It is a PairLayer. An edge of n pixels becomes one of floor((n + 2 padding - kernel) /
/// stride) + 1.
/// Weights and biases start uniform in +-1/sqrt(numbers in a window).
template <Real S, Activation F = Identity>
class Convolution : public detail::WindowLayer<S, F, false> {
 public:
  /// Throws InvalidArgument unless all sizes and the stride are positive, the padding is in [0, kernel) along both
  /// axes, and the kernel fits into the padded image.
  Convolution(const ImageShape& input, Index channels, const ConvolutionOptions& options = {})
      : Convolution::WindowLayer(input, output_of(input, channels, options), options.kernel, options.stride,
                                 options.padding) {}

 private:
  static ImageShape output_of(const ImageShape& input, Index channels, const ConvolutionOptions& o) {
    detail::checked_shape("Convolution", input);
    if (channels < 1 || o.stride < 1 || !o.padding.are_in(0, o.kernel))
      throw InvalidArgument("Convolution", "positive channels, kernel and stride, and a padding in [0, kernel)",
                            text(channels, " channels, kernel ", detail::by(o.kernel), ", stride ", o.stride,
                                 ", padding ", detail::by(o.padding)),
                            "kernel 3 with padding 1 keeps the size");
    const Index rows = input.height + 2 * o.padding.rows - o.kernel.rows;
    const Index columns = input.width + 2 * o.padding.columns - o.kernel.columns;
    if (rows < 0 || columns < 0)
      throw InvalidArgument("Convolution", "a kernel that fits into the padded image",
                            text("kernel ", detail::by(o.kernel), " and ", input.height, " x ", input.width, " pixels"),
                            "take a smaller kernel or more padding");
    return {rows / o.stride + 1, columns / o.stride + 1, channels};
  }
};

}  // namespace scorefield
