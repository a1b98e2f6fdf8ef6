/// TransposedConvolution (deconvolution) in two dimensions.
#pragma once

#include <algorithm>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/detail/convolution/window_layer.hpp"

namespace scorefield {

/// A number of rows and one of columns; a single number stands for both.
struct RowsAndColumns {
  Index rows, columns;

  constexpr RowsAndColumns(Index both) : rows(both), columns(both) {}
  constexpr RowsAndColumns(Index of_rows, Index of_columns) : rows(of_rows), columns(of_columns) {}
};

/// The options of the convolution that is transposed. `output_padding` chooses among the sizes that it would map to the
/// input's: it is the rows that are added below and the columns to the right.
struct TransposedConvolutionOptions {
  Index kernel = 3;
  Index stride = 2;
  Index padding = 1;
  RowsAndColumns output_padding = 1;
};

/// y = f(W^T * x + b): each pixel of x adds W^T times its channels to a window of y, with W (input channels x (kernel,
/// kernel, channels)), the last axis fastest, and b (channels). An edge of n pixels becomes one of (n - 1) stride - 2
/// padding + kernel + output_padding: with the default options twice as many. Dumoulin and Visin 2016,
/// arXiv:1603.07285, chapter 4. No zeros are put between pixels: it is stride^2 dense convolutions. It is a PairLayer.
/// Weights and biases start uniform in +-1/sqrt(channels kernel^2).
template <Real S, Activation F = Identity>
class TransposedConvolution : public detail::WindowLayer<S, F, true> {
 public:
  /// Throws InvalidArgument unless all sizes and the stride are positive, the padding is in [0, kernel), both numbers
  /// of the output padding are in [0, stride), and the output has a pixel.
  TransposedConvolution(const ImageShape& input, Index channels, const TransposedConvolutionOptions& options = {})
      : TransposedConvolution::WindowLayer(input, output_of(input, channels, options), options.kernel, options.stride,
                                           options.padding) {}

 private:
  static ImageShape output_of(const ImageShape& input, Index channels, const TransposedConvolutionOptions& o) {
    detail::checked_shape("TransposedConvolution", input);
    const auto [rows, columns] = o.output_padding;
    if (channels < 1 || o.kernel < 1 || o.stride < 1 || o.padding < 0 || o.padding >= o.kernel ||
        std::min(rows, columns) < 0 || std::max(rows, columns) >= o.stride)
      throw InvalidArgument("TransposedConvolution",
                            "positive channels, kernel and stride, a padding in [0, kernel) and an output_padding in "
                            "[0, stride)",
                            text(channels, " channels, kernel ", o.kernel, ", stride ", o.stride, ", padding ",
                                 o.padding, ", output_padding ", rows, " and ", columns),
                            "kernel 3, stride 2 and both paddings 1 double the size");
    const auto edge = [&](Index n, Index more) { return (n - 1) * o.stride - 2 * o.padding + o.kernel + more; };
    const ImageShape output{edge(input.height, rows), edge(input.width, columns), channels};
    if (std::min(output.height, output.width) < 1)
      throw InvalidArgument("TransposedConvolution", "an output of at least one pixel",
                            text(output.height, " x ", output.width), "take less padding");
    return output;
  }
};

}  // namespace scorefield
