/// ZeroPad: zero padding of images, below and to the right.
#pragma once

#include <cassert>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/corner.hpp"
#include "scorefield/layer/detail/parameterless.hpp"

namespace scorefield {

/// The image in the top left corner of one of height x width pixels, which are 0 elsewhere. Crop is its adjoint, and
/// takes the image out again.
template <Real S>
class ZeroPad : public detail::ImageMap<S> {
 public:
  using Scalar = S;
  using typename detail::ImageMap<S>::Workspace;

  /// Throws InvalidArgument unless height and width are at least the image's.
  ZeroPad(const ImageShape& shape, Index height, Index width)
      : detail::ImageMap<S>(detail::checked_shape("ZeroPad", shape), padded(shape, height, width)) {}

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == this->inputs() && y.rows() == this->outputs() && x.cols() == y.cols());
    y.setZero();
    detail::copy_corner(x.data(), this->input_shape(), y.data(), this->output_shape(), x.cols());
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    detail::copy_corner<Scalar>(dy.data(), this->output_shape(), dx.data(), this->input_shape(), dx.cols());
  }

 private:
  static ImageShape padded(const ImageShape& shape, Index height, Index width) {
    if (height < shape.height || width < shape.width)
      throw InvalidArgument("ZeroPad", text("a height and a width of at least ", shape.height, " x ", shape.width),
                            text(height, " x ", width), "Crop makes images smaller");
    return {height, width, shape.channels};
  }
};

}  // namespace scorefield
