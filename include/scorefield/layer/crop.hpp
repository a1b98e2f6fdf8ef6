/// Crop: the top left corner of an image.
#pragma once

#include <cassert>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/corner.hpp"
#include "scorefield/layer/detail/parameterless.hpp"

namespace scorefield {

/// The height x width pixels in the top left corner of an image: what ZeroPad put there.
template <Real S>
class Crop : public detail::ImageMap<S> {
 public:
  using Scalar = S;
  using typename detail::ImageMap<S>::Workspace;

  /// Throws InvalidArgument unless height and width are positive and at most the image's.
  Crop(const ImageShape& shape, Index height, Index width)
      : detail::ImageMap<S>(detail::checked_shape("Crop", shape), cropped(shape, height, width)) {}

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == this->inputs() && y.rows() == this->outputs() && x.cols() == y.cols());
    detail::copy_corner(x.data(), this->input_shape(), y.data(), this->output_shape(), x.cols());
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    dx.setZero();
    detail::copy_corner<Scalar>(dy.data(), this->output_shape(), dx.data(), this->input_shape(), dx.cols());
  }

 private:
  static ImageShape cropped(const ImageShape& shape, Index height, Index width) {
    if (height < 1 || width < 1 || height > shape.height || width > shape.width)
      throw InvalidArgument("Crop", text("a height and a width from 1 x 1 to ", shape.height, " x ", shape.width),
                            text(height, " x ", width), "ZeroPad makes images larger");
    return {height, width, shape.channels};
  }
};

}  // namespace scorefield
