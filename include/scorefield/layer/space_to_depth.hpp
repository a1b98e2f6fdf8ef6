/// SpaceToDepth (pixel unshuffle): smaller images of more channels, without loss.
#pragma once

#include <cassert>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/parameterless.hpp"
#include "scorefield/layer/detail/pixel_blocks.hpp"

namespace scorefield {

/// Each block of factor.rows x factor.columns pixels becomes the channels of one: height x width x channels to height /
/// factor.rows x width / factor.columns x factor.rows factor.columns channels, where channel (row factor.columns +
/// column) channels + c is channel c of the pixel in that row and column of the block. PyTorch's pixel_unshuffle orders
/// them (c, row, column).
template <Real S>
class SpaceToDepth : public detail::ImageMap<S> {
 public:
  using Scalar = S;
  using typename detail::ImageMap<S>::Workspace;

  /// Throws InvalidArgument unless factor.rows divides the height and factor.columns the width.
  SpaceToDepth(const ImageShape& shape, const RowsAndColumns& factor)
      : detail::ImageMap<S>(detail::checked_shape("SpaceToDepth", shape), joined(shape, factor)), factor_(factor) {}

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == this->inputs() && y.rows() == this->outputs() && x.cols() == y.cols());
    detail::join_blocks(x.data(), this->input_shape(), factor_, x.cols(), y.data());
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    detail::part_blocks<Scalar>(dy.data(), this->input_shape(), factor_, dx.cols(), dx.data());
  }

 private:
  static ImageShape joined(const ImageShape& shape, const RowsAndColumns& factor) {
    if (factor.rows < 1 || factor.columns < 1 || shape.height % factor.rows != 0 || shape.width % factor.columns != 0)
      throw InvalidArgument("SpaceToDepth", "a factor that divides height and width",
                            text(detail::by(factor), " for ", shape.height, " x ", shape.width),
                            "pad the image, or choose another");
    return {shape.height / factor.rows, shape.width / factor.columns, shape.channels * factor.pixels()};
  }

  RowsAndColumns factor_;
};

}  // namespace scorefield
