/// UpsampleNearest, nearest-neighbour up-sampling.
#pragma once

#include <algorithm>
#include <cassert>

#include "scorefield/core/error.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/parameterless.hpp"

namespace scorefield {

/// Each pixel becomes factor x factor equal ones: height x width x channels to factor height x factor width x channels.
template <Real S>
class UpsampleNearest : public detail::ImageMap<S> {
 public:
  using Scalar = S;
  using typename detail::ImageMap<S>::Workspace;

  /// Throws InvalidArgument for a factor below 1.
  UpsampleNearest(const ImageShape& shape, Index factor)
      : detail::ImageMap<S>(detail::checked_shape("UpsampleNearest", shape), enlarged(shape, factor)),
        factor_(factor) {}

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == this->inputs() && y.rows() == this->outputs() && x.cols() == y.cols());
    const Index channels = this->input_shape().channels, row = this->output_shape().width * channels;
    for (Index i = 0; i < x.cols() * this->input_shape().height; ++i) {
      const Scalar* from = x.data() + i * row / factor_;
      Scalar* to = y.data() + i * factor_ * row;
      for (Index c = 0; c < row; c += channels)
        std::copy_n(from + c / (factor_ * channels) * channels, channels, to + c);
      for (Index r = 1; r < factor_; ++r) std::copy_n(to, row, to + r * row);
    }
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    if (dx.cols() == 0) return;
    dx.setZero();
    const Index channels = this->input_shape().channels, width = this->output_shape().width;
    for (Index i = 0; i < dx.cols() * this->output_shape().height; ++i)
      for (Index j = 0; j < width; ++j) {
        const Scalar* from = dy.data() + (i * width + j) * channels;
        Scalar* to = dx.data() + (i / factor_ * (width / factor_) + j / factor_) * channels;
        for (Index c = 0; c < channels; ++c) to[c] += from[c];
      }
  }

 private:
  static ImageShape enlarged(const ImageShape& shape, Index factor) {
    if (factor < 1) throw InvalidArgument("UpsampleNearest", "a factor from 1 on", text(factor), "the usual one is 2");
    return {shape.height * factor, shape.width * factor, shape.channels};
  }

  Index factor_;
};

}  // namespace scorefield
