/// The transposed convolution in two dimensions.
#pragma once

#include <cassert>
#include <cmath>
#include <concepts>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/activate.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/activation/through_activation.hpp"
#include "scorefield/layer/convolution/border.hpp"
#include "scorefield/layer/convolution/window.hpp"
#include "scorefield/layer/image_shape.hpp"

namespace scorefield {

/// The options of the convolution that is transposed. `output_padding` chooses among the sizes that it would map to the
/// input's: rows and columns that are added below and to the right.
struct TransposedConvolutionOptions {
  Index kernel = 3;
  Index stride = 2;
  Index padding = 1;
  Index output_padding = 1;
};

/// y = f(W^T * x + b): each pixel of x adds W^T times its channels to a window of y, with W (input channels x (kernel,
/// kernel, channels)), the last axis fastest, and b (channels). An edge of n pixels becomes one of (n - 1) stride - 2
/// padding + kernel + output_padding: with the default options twice as many. Dumoulin and Visin 2016,
/// arXiv:1603.07285, chapter 4. No zeros are put between pixels: it is stride^2 dense convolutions. Weights and biases
/// start uniform in +-1/sqrt(channels kernel^2).
template <Real S, Activation F = Identity>
class TransposedConvolution {
 public:
  using Scalar = S;

  struct Workspace {
    Matrix<Scalar> x, dz;       // in their borders: a column an image
    Matrix<Scalar> derivative;  // outputs x columns: f' at W^T * x + b
    detail::Window::Workspace<Scalar> window;
  };

  /// Throws InvalidArgument unless all sizes and the stride are positive, the padding is in [0, kernel), the output
  /// padding in [0, stride), and the output has a pixel.
  TransposedConvolution(const ImageShape& input, Index channels, const TransposedConvolutionOptions& options = {})
      : input_(detail::checked_shape("TransposedConvolution", input)),
        output_(output_of(input, channels, options)),
        columns_(options.kernel * options.kernel * channels),
        window_(output_, input_, options.kernel, options.stride, options.padding) {}

  const ImageShape& input_shape() const { return input_; }
  const ImageShape& output_shape() const { return output_; }
  Index inputs() const { return input_.size(); }
  Index outputs() const { return output_.size(); }
  Index parameter_count() const { return window_.weights() + output_.channels; }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "weight", input_.channels, columns_);
    layout.add(prefix + "bias", output_.channels, 1);
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    random.uniform(MatrixView<Scalar>(p.data(), p.size(), 1), index, 0);
    p.array() = (2 * p.array() - 1) / std::sqrt(static_cast<Scalar>(columns_));
  }

  Workspace workspace(Index columns) const {
    Workspace w{Matrix<Scalar>::Zero(window_.scatter_border().around(input_).size(), columns),
                Matrix<Scalar>::Zero(window_.gather_border().around(output_).size(), columns),
                {},
                window_.workspace<Scalar>(columns)};
    if constexpr (!linear) w.derivative.resize(outputs(), columns);
    return w;
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const {
    affine(p, x, y, w);
    if constexpr (!linear) activate<F>(y);
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const {
    affine(p, x, y, w);
    if constexpr (!linear) activate<F>(y, columns(w.derivative, 0, y.cols()));
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> dy,
                MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const {
    const Index n = dy.cols();
    detail::through_activation(MatrixView<Scalar>(dy.data(), output_.channels, n * output_.pixels()),
                               linear ? nullptr : w.derivative.data(), g.data() + window_.weights());
    detail::copy_inside(ConstMatrixView<Scalar>(dy.data(), dy.rows(), n), output_, window_.gather_border(),
                        columns(w.dz, 0, n));
    const auto dz = columns(std::as_const(w.dz), 0, n);
    window_.add_gradient(x, dz, g.data(), w.window);
    if (dx.cols() > 0) window_.gather<Scalar>(p.data(), nullptr, dz, dx, w.window);
  }

 private:
  static constexpr bool linear = std::same_as<F, Identity>;

  static ImageShape output_of(const ImageShape& input, Index channels, const TransposedConvolutionOptions& o) {
    if (channels < 1 || o.kernel < 1 || o.stride < 1 || o.padding < 0 || o.padding >= o.kernel ||
        o.output_padding < 0 || o.output_padding >= o.stride)
      throw InvalidArgument("TransposedConvolution",
                            "positive channels, kernel and stride, a padding in [0, kernel) and an output_padding in "
                            "[0, stride)",
                            text(channels, " channels, kernel ", o.kernel, ", stride ", o.stride, ", padding ",
                                 o.padding, ", output_padding ", o.output_padding),
                            "kernel 3, stride 2 and both paddings 1 double the size");
    const auto edge = [&](Index n) { return (n - 1) * o.stride - 2 * o.padding + o.kernel + o.output_padding; };
    if (edge(std::min(input.height, input.width)) < 1)
      throw InvalidArgument("TransposedConvolution", "an output of at least one pixel",
                            text(edge(input.height), " x ", edge(input.width)), "take less padding");
    return {edge(input.height), edge(input.width), channels};
  }

  void affine(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const {
    assert(p.size() == parameter_count() && x.rows() == inputs() && y.rows() == outputs() && x.cols() == y.cols());
    detail::copy_inside(x, input_, window_.scatter_border(), columns(w.x, 0, x.cols()));
    window_.scatter<Scalar>(p.data(), p.data() + window_.weights(), columns(std::as_const(w.x), 0, x.cols()), y,
                            w.window);
  }

  ImageShape input_, output_;
  Index columns_;  // of the weights
  detail::Window window_;
};

}  // namespace scorefield
