/// Convolution in two dimensions.
#pragma once

#include <algorithm>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/detail/convolution/window_layer.hpp"

namespace scorefield {

/// A square kernel that moves by `stride` pixels over an image with `padding` zeros around it.
struct ConvolutionOptions {
  Index kernel = 3;
  Index stride = 1;
  Index padding = 1;
};

/// y = f(W * x + b): each pixel of y is W times the window there of x, with W (channels x (kernel, kernel, input
/// channels)), the last axis fastest, and b (channels). Deep learning calls it a convolution, and signal processing a
/// correlation. It is a PairLayer. An edge of n pixels becomes one of floor((n + 2 padding - kernel) / stride) + 1.
/// Weights and biases start uniform in +-1/sqrt(numbers in a window).
template <Real S, Activation F = Identity>
class Convolution : public detail::WindowLayer<S, F, false> {
 public:
  /// Throws InvalidArgument unless all sizes and the stride are positive, the padding is in [0, kernel), and the kernel
  /// fits into the padded image.
  Convolution(const ImageShape& input, Index channels, const ConvolutionOptions& options = {})
      : Convolution::WindowLayer(input, output_of(input, channels, options), options.kernel, options.stride,
                                 options.padding) {}

 private:
  static ImageShape output_of(const ImageShape& input, Index channels, const ConvolutionOptions& o) {
    detail::checked_shape("Convolution", input);
    if (channels < 1 || o.kernel < 1 || o.stride < 1 || o.padding < 0 || o.padding >= o.kernel)
      throw InvalidArgument(
          "Convolution", "positive channels, kernel and stride, and a padding in [0, kernel)",
          text(channels, " channels, kernel ", o.kernel, ", stride ", o.stride, ", padding ", o.padding),
          "kernel 3 with padding 1 keeps the size");
    const auto edge = [&](Index n) { return (n + 2 * o.padding - o.kernel) / o.stride + 1; };
    if (std::min(input.height, input.width) + 2 * o.padding < o.kernel)
      throw InvalidArgument("Convolution", "a kernel that fits into the padded image",
                            text("kernel ", o.kernel, " and ", input.height, " x ", input.width, " pixels"),
                            "take a smaller kernel or more padding");
    return {edge(input.height), edge(input.width), channels};
  }
};

}  // namespace scorefield
