/// The two-dimensional convolution.
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

/// A square kernel that moves by `stride` pixels over an image with `padding` zeros around it.
struct ConvolutionOptions {
  Index kernel = 3;
  Index stride = 1;
  Index padding = 1;
};

/// y = f(W * x + b): each pixel of y is W times the window there of x, with W (channels x (kernel, kernel, input
/// channels)), the last axis fastest, and b (channels). What deep learning calls a convolution, and signal processing a
/// correlation. An edge of n pixels becomes one of floor((n + 2 padding - kernel) / stride) + 1. Weights and biases
/// start uniform in +-1/sqrt(numbers in a window).
template <Real S, Activation F = Identity>
class Convolution {
 public:
  using Scalar = S;

  struct Workspace {
    Matrix<Scalar> x, dz;       // in their borders: a column an image
    Matrix<Scalar> derivative;  // outputs x columns: f' at W * x + b
    detail::Window::Workspace<Scalar> window;
  };

  /// Throws InvalidArgument unless all sizes and the stride are positive, the padding is in [0, kernel), and the kernel
  /// fits into the padded image.
  Convolution(const ImageShape& input, Index channels, const ConvolutionOptions& options = {})
      : input_(detail::checked_shape("Convolution", input)),
        output_(output_of(input, channels, options)),
        fan_in_(options.kernel * options.kernel * input.channels),
        window_(input_, output_, options.kernel, options.stride, options.padding) {}

  const ImageShape& input_shape() const { return input_; }
  const ImageShape& output_shape() const { return output_; }
  Index inputs() const { return input_.size(); }
  Index outputs() const { return output_.size(); }
  Index parameter_count() const { return window_.weights() + output_.channels; }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "weight", output_.channels, fan_in_);
    layout.add(prefix + "bias", output_.channels, 1);
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    random.uniform(MatrixView<Scalar>(p.data(), p.size(), 1), index, 0);
    p.array() = (2 * p.array() - 1) / std::sqrt(static_cast<Scalar>(fan_in_));
  }

  Workspace workspace(Index columns) const {
    Workspace w{Matrix<Scalar>::Zero(window_.gather_border().around(input_).size(), columns),
                Matrix<Scalar>::Zero(window_.scatter_border().around(output_).size(), columns),
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

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, MatrixView<Scalar> dy,
                MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const {
    const Index n = dy.cols();
    detail::through_activation(MatrixView<Scalar>(dy.data(), output_.channels, n * output_.pixels()),
                               linear ? nullptr : w.derivative.data(), g.data() + window_.weights());
    const ConstMatrixView<Scalar> dz(dy.data(), dy.rows(), n);
    window_.add_gradient(dz, columns(std::as_const(w.x), 0, n), g.data(), w.window);
    if (dx.cols() == 0) return;
    detail::copy_inside(dz, output_, window_.scatter_border(), columns(w.dz, 0, n));
    window_.scatter<Scalar>(p.data(), nullptr, columns(std::as_const(w.dz), 0, n), dx, w.window);
  }

 private:
  static constexpr bool linear = std::same_as<F, Identity>;

  static ImageShape output_of(const ImageShape& input, Index channels, const ConvolutionOptions& o) {
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

  void affine(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const {
    assert(p.size() == parameter_count() && x.rows() == inputs() && y.rows() == outputs() && x.cols() == y.cols());
    detail::copy_inside(x, input_, window_.gather_border(), columns(w.x, 0, x.cols()));
    window_.gather<Scalar>(p.data(), p.data() + window_.weights(), columns(std::as_const(w.x), 0, x.cols()), y,
                           w.window);
  }

  ImageShape input_, output_;
  Index fan_in_;
  detail::Window window_;
};

}  // namespace scorefield
