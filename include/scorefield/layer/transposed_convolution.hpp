/// TransposedConvolution (deconvolution) in two dimensions.
#pragma once

#include <algorithm>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/detail/convolution/window_layer.hpp"

namespace scorefield {

/// The options of the convolution that is transposed. `output_padding` chooses among the sizes that it would map to the
/// input's: it is the rows that are added below and the columns to the right.
struct TransposedConvolutionOptions {
  RowsAndColumns kernel = 3;
  Index stride = 2;
  RowsAndColumns padding = 1;
  RowsAndColumns output_padding = 1;
};

/// y = f(W^T * x + b): each pixel of x adds W^T times its channels to a window of y, with W (input channels x (kernel
/// rows, kernel columns, channels)), the last axis fastest, and b (channels). An edge of n pixels becomes one of (n -
/// 1) stride - 2 padding + kernel + output_padding: with the default options twice as many. Dumoulin and Visin 2016,
/// arXiv:1603.07285, chapter 4. No zeros are put between pixels: it is stride^2 dense convolutions. It is a PairLayer.
/// Weights and biases start uniform in +-1/sqrt(numbers in a window of y).
template <Real S, Activation F = Identity>
class TransposedConvolution : public detail::WindowLayer<S, F, true> {
 public:
  /// Throws InvalidArgument unless all sizes and the stride are positive, the padding is in [0, kernel) and the output
  /// padding in [0, stride) along both axes, and the output has a pixel.
  TransposedConvolution(const ImageShape& input, Index channels, const TransposedConvolutionOptions& options = {})
      : TransposedConvolution::WindowLayer(input, output_of(input, channels, options), options.kernel, options.stride,
                                           options.padding) {}

 private:
  static ImageShape output_of(const ImageShape& input, Index channels, const TransposedConvolutionOptions& o) {
    detail::checked_shape("TransposedConvolution", input);
    if (channels < 1 || o.stride < 1 || !o.padding.are_in(0, o.kernel) || !o.output_padding.are_in(0, o.stride))
      throw InvalidArgument(
          "TransposedConvolution",
          "positive channels, kernel and stride, a padding in [0, kernel) and an output_padding in [0, stride)",
          text(channels, " channels, kernel ", detail::by(o.kernel), ", stride ", o.stride, ", padding ",
               detail::by(o.padding), ", output_padding ", detail::by(o.output_padding)),
          "kernel 3, stride 2 and both paddings 1 double the size");
    const auto edge = [&](Index n, Index kernel, Index padding, Index more) {
      return (n - 1) * o.stride - 2 * padding + kernel + more;
    };
    const ImageShape output{edge(input.height, o.kernel.rows, o.padding.rows, o.output_padding.rows),
                            edge(input.width, o.kernel.columns, o.padding.columns, o.output_padding.columns), channels};
    if (std::min(output.height, output.width) < 1)
      throw InvalidArgument("TransposedConvolution", "an output of at least one pixel",
                            text(output.height, " x ", output.width), "take less padding");
    return output;
  }
};

}  // namespace scorefield
