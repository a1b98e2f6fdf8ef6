/// DepthToSpace (pixel shuffle): larger images of fewer channels, without loss.
#pragma once

#include <cassert>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/parameterless.hpp"
#include "scorefield/layer/detail/pixel_blocks.hpp"

namespace scorefield {

/// The channels of each pixel become a block of factor.rows x factor.columns pixels: height x width x channels to
/// factor.rows height x factor.columns width x channels / (factor.rows factor.columns). The inverse of SpaceToDepth,
/// which says the order; PyTorch's pixel_shuffle has another.
template <Real S>
class DepthToSpace : public detail::ImageMap<S> {
 public:
  using Scalar = S;
  using typename detail::ImageMap<S>::Workspace;

  /// Throws InvalidArgument unless factor.rows factor.columns divides the channels.
  DepthToSpace(const ImageShape& shape, const RowsAndColumns& factor)
      : detail::ImageMap<S>(detail::checked_shape("DepthToSpace", shape), parted(shape, factor)), factor_(factor) {}

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == this->inputs() && y.rows() == this->outputs() && x.cols() == y.cols());
    detail::part_blocks(x.data(), this->output_shape(), factor_, x.cols(), y.data());
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    detail::join_blocks<Scalar>(dy.data(), this->output_shape(), factor_, dx.cols(), dx.data());
  }

 private:
  static ImageShape parted(const ImageShape& shape, const RowsAndColumns& factor) {
    if (factor.rows < 1 || factor.columns < 1 || shape.channels % factor.pixels() != 0)
      throw InvalidArgument("DepthToSpace", "a block of pixels whose number divides the channels",
                            text(detail::by(factor), " for ", shape.channels),
                            "choose another factor or number of channels");
    return {shape.height * factor.rows, shape.width * factor.columns, shape.channels / factor.pixels()};
  }

  RowsAndColumns factor_;
};

}  // namespace scorefield
