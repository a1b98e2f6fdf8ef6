/// The base class of Convolution and TransposedConvolution.
#pragma once

#include <cassert>
#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/detail/activate.hpp"
#include "scorefield/layer/activation/detail/through_activation.hpp"
#include "scorefield/layer/activation/identity.hpp"
#include "scorefield/layer/detail/convolution/border.hpp"
#include "scorefield/layer/detail/convolution/window.hpp"
#include "scorefield/layer/detail/convolution/winograd.hpp"
#include "scorefield/layer/detail/uniform_start.hpp"
#include "scorefield/layer/image_pair.hpp"

namespace scorefield::detail {

/// y = f(map(x) + b), where the map gathers windows of x into pixels of y or, transposed, scatters pixels of x to
/// windows of y. Weights and biases start uniform in +-1/sqrt(numbers in a window). Winograd's way takes the place of
/// windows where it pays. A PairLayer.
template <Real S, Activation F, bool transposed>
class WindowLayer {
 public:
  using Scalar = S;

  struct Workspace {
    Matrix<Scalar> x, dz;       // in their borders: a column an image
    Matrix<Scalar> derivative;  // outputs x columns: f' at map(x) + b
    Window::Workspace<Scalar> window;
    Winograd::Workspace<Scalar> winograd;
  };

  const ImageShape& input_shape() const { return geometry_->input; }
  const ImageShape& output_shape() const { return geometry_->output; }
  Index inputs() const { return input_shape().size(); }
  Index context_size() const { return 0; }
  Index outputs() const { return output_shape().size(); }
  Index parameter_count() const { return weights() + output_shape().channels; }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    layout.add(prefix + "weight", window().rows(), window().window_size());
    layout.add(prefix + "bias", output_shape().channels, 1);
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    start_uniform(p, random, index, window().window_size());
  }

  Workspace workspace(Index columns) const {
    Workspace w;
    if (winograd()) {
      w.winograd = winograd()->template workspace<Scalar>(columns);
    } else {
      w.x.setZero(border_of_x().around(input_shape()).size(), columns);
      w.dz.setZero(border_of_dz().around(output_shape()).size(), columns);
      w.window = window().template workspace<Scalar>(columns);
    }
    if constexpr (!linear) w.derivative.resize(outputs(), columns);
    return w;
  }

  void evaluate(ConstVectorView<Scalar> p, ConstImagePairView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace& w) const {
    affine(p, x, y, w);
    if constexpr (!linear) activate<F>(y);
  }

  void forward(ConstVectorView<Scalar> p, ConstImagePairView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
               Workspace& w) const {
    affine(p, x, y, w);
    if constexpr (!linear) activate<F>(y, columns(w.derivative, 0, y.cols()));
  }

  void backward(ConstVectorView<Scalar> p, ConstImagePairView<Scalar> x, ConstMatrixView<Scalar>,
                ConstMatrixView<Scalar>, MatrixView<Scalar> dy, ImagePairView<Scalar> dx, MatrixView<Scalar>,
                VectorView<Scalar> g, Workspace& w) const {
    const Index n = dy.cols();
    const bool adds_to_g = g.size() > 0;
    through_activation(MatrixView<Scalar>(dy.data(), output_shape().channels, n * output_shape().pixels()),
                       linear ? nullptr : w.derivative.data(), adds_to_g ? g.data() + weights() : nullptr);
    const ConstMatrixView<Scalar> dz(dy.data(), dy.rows(), n);
    const auto bordered_dz = [&] {
      copy_inside<Scalar>(dz, output_shape(), border_of_dz(), columns(w.dz, 0, n));
      return columns(std::as_const(w.dz), 0, n);
    };
    if constexpr (transposed) {
      const auto wide = bordered_dz();
      if (adds_to_g) window().template add_gradient<Scalar>(x, wide, g.data(), w.window);
      if (dx.cols() > 0) window().template gather<Scalar>(p.data(), nullptr, wide, dx, w.window);
    } else if (winograd()) {
      if (adds_to_g) winograd()->template add_gradient<Scalar>(dz, x, g.data(), w.winograd);
      if (dx.cols() > 0) winograd()->template convolve_back<Scalar>(p.data(), dz, dx, w.winograd);
    } else {
      if (adds_to_g) window().template add_gradient<Scalar>(dz, columns(std::as_const(w.x), 0, n), g.data(), w.window);
      if (dx.cols() > 0) window().template scatter<Scalar>(p.data(), nullptr, bordered_dz(), dx, w.window);
    }
  }

 protected:
  WindowLayer(const ImageShape& input, const ImageShape& output, const RowsAndColumns& kernel, Index stride,
              const RowsAndColumns& padding)
      : geometry_(std::make_shared<Geometry>(input, output, kernel, stride, padding)) {}

 private:
  static constexpr bool linear = std::same_as<F, Identity>;

  Index weights() const { return window().rows() * window().window_size(); }
  const Border& border_of_x() const { return transposed ? window().scatter_border() : window().gather_border(); }
  const Border& border_of_dz() const { return transposed ? window().gather_border() : window().scatter_border(); }

  void affine(ConstVectorView<Scalar> p, const ConstImagePairView<Scalar>& x, MatrixView<Scalar> y,
              Workspace& w) const {
    assert(p.size() == parameter_count() && x.rows() == inputs() && y.rows() == outputs() && x.cols() == y.cols());
    const Scalar* bias = p.data() + weights();
    const auto bordered_x = [&] {
      copy_inside(x, input_shape(), border_of_x(), columns(w.x, 0, x.cols()));
      return columns(std::as_const(w.x), 0, x.cols());
    };
    if constexpr (transposed)
      window().template scatter<Scalar>(p.data(), bias, bordered_x(), y, w.window);
    else if (winograd())
      winograd()->template convolve<Scalar>(p.data(), bias, x, y, w.winograd);
    else
      window().template gather<Scalar>(p.data(), bias, bordered_x(), y, w.window);
  }

  /// All that a layer is made of. Its copies share it, so that they are small: networks of many layers are built and
  /// passed as values, on the stack.
  struct Geometry {
    ImageShape input, output;
    Window window;
    std::optional<Winograd> winograd;

    Geometry(const ImageShape& from, const ImageShape& to, const RowsAndColumns& kernel, Index stride,
             const RowsAndColumns& padding)
        : input(from), output(to), window(transposed ? to : from, transposed ? from : to, kernel, stride, padding) {
      if (!transposed && Winograd::pays<Scalar>(from, to, kernel, stride)) winograd.emplace(from, to, padding);
    }
  };

  const Window& window() const { return geometry_->window; }
  /// Where it pays.
  const std::optional<Winograd>& winograd() const { return geometry_->winograd; }

  std::shared_ptr<const Geometry> geometry_;
};

}  // namespace scorefield::detail
