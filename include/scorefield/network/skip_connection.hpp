/// The connection that makes a U of a network.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/conditional.hpp"
#include "scorefield/layer/image_shape.hpp"

namespace scorefield {

/// y has the channels of inner(x), then those of x, at each pixel: what `inner` makes of a coarser image meets the
/// details. Ronneberger et al. 2015, arXiv:1505.04597. A conditional layer where inner is one. The pieces are inner's.
template <AnyLayer Inner>
class SkipConnection {
  static constexpr bool conditional = ConditionalLayer<Inner>;

 public:
  using Scalar = typename Inner::Scalar;

  struct Workspace {
    typename Inner::Workspace inner;
    Matrix<Scalar> output, gradient;  // of inner, and of the loss by it: inner.outputs() x columns
  };

  /// Throws InvalidArgument unless inner takes an image of this shape and gives one of as many pixels.
  SkipConnection(const ImageShape& input, Inner inner)
      : input_(detail::checked_shape("SkipConnection", input)), inner_(std::move(inner)) {
    if (inner_.inputs() != input.size() || inner_.outputs() % input.pixels() != 0)
      throw InvalidArgument("SkipConnection",
                            text("a layer from ", input.size(), " numbers to channels for ", input.pixels(), " pixels"),
                            text("one from ", inner_.inputs(), " to ", inner_.outputs()),
                            "let inner bring the image back to the size that it took");
  }

  ImageShape input_shape() const { return input_; }
  ImageShape output_shape() const { return {input_.height, input_.width, inner_channels() + input_.channels}; }
  Index inputs() const { return input_.size(); }
  Index context_size() const requires conditional { return inner_.context_size(); }
  Index outputs() const { return output_shape().size(); }
  Index parameter_count() const { return inner_.parameter_count(); }

  void declare(ParameterLayout& layout, const std::string& prefix) const { inner_.declare(layout, prefix); }
  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    inner_.initialise(p, random, index);
  }

  Workspace workspace(Index columns) const {
    return {inner_.workspace(columns), Matrix<Scalar>(inner_.outputs(), columns),
            Matrix<Scalar>(inner_.outputs(), columns)};
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const
      requires(!conditional) {
    inner_.evaluate(p, x, columns(w.output, 0, x.cols()), w.inner);
    join(w, x, y);
  }
  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
                Workspace& w) const requires conditional {
    inner_.evaluate(p, x, c, columns(w.output, 0, x.cols()), w.inner);
    join(w, x, y);
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const
      requires(!conditional) {
    inner_.forward(p, x, columns(w.output, 0, x.cols()), w.inner);
    join(w, x, y);
  }
  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const requires conditional {
    inner_.forward(p, x, c, columns(w.output, 0, x.cols()), w.inner);
    join(w, x, y);
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> dy,
                MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const requires(!conditional) {
    split(dy, w);
    inner_.backward(p, x, columns(std::as_const(w.output), 0, x.cols()), columns(w.gradient, 0, x.cols()), dx, g,
                    w.inner);
    add_direct(dy, dx);
  }
  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar>, MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, Workspace& w) const requires conditional {
    split(dy, w);
    inner_.backward(p, x, c, columns(std::as_const(w.output), 0, x.cols()), columns(w.gradient, 0, x.cols()), dx, dc, g,
                    w.inner);
    add_direct(dy, dx);
  }

 private:
  Index inner_channels() const { return inner_.outputs() / input_.pixels(); }

  void join(const Workspace& w, ConstMatrixView<Scalar> x, MatrixView<Scalar> y) const {
    const Index first = inner_channels(), second = input_.channels;
    for (Index pixel = 0; pixel < x.cols() * input_.pixels(); ++pixel) {
      Scalar* to = y.data() + pixel * (first + second);
      std::copy_n(w.output.data() + pixel * first, first, to);
      std::copy_n(x.data() + pixel * second, second, to + first);
    }
  }

  void split(MatrixView<Scalar> dy, Workspace& w) const {
    const Index first = inner_channels(), second = input_.channels;
    for (Index pixel = 0; pixel < dy.cols() * input_.pixels(); ++pixel)
      std::copy_n(dy.data() + pixel * (first + second), first, w.gradient.data() + pixel * first);
  }

  void add_direct(MatrixView<Scalar> dy, MatrixView<Scalar> dx) const {
    const Index first = inner_channels(), second = input_.channels;
    for (Index pixel = 0; pixel < dx.cols() * input_.pixels(); ++pixel) {
      const Scalar* from = dy.data() + pixel * (first + second) + first;
      Scalar* to = dx.data() + pixel * second;
      for (Index i = 0; i < second; ++i) to[i] += from[i];
    }
  }

  ImageShape input_;
  Inner inner_;
};

}  // namespace scorefield
