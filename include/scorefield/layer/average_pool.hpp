/// AveragePool, average pooling.
#pragma once

#include <cassert>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/pool.hpp"

namespace scorefield {

/// y holds for each channel the mean of the kernel x kernel numbers in each window. Padding counts as zeros.
template <Real S>
class AveragePool : public detail::Pool<S> {
 public:
  using Scalar = S;
  using typename detail::Pool<S>::Workspace;

  /// Throws InvalidArgument for options out of their range, and for an image that is smaller than a window.
  explicit AveragePool(const ImageShape& shape, const PoolOptions& options = {})
      : detail::Pool<S>("AveragePool", shape, options) {}

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == this->inputs() && y.rows() == this->outputs() && x.cols() == y.cols());
    y.setZero();
    this->for_each_in_windows(x.cols(), [&](Index input, Index output) {
      for (Index c = 0; c < channels(); ++c) y.data()[output + c] += x.data()[input + c];
    });
    y *= share();
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    if (dx.cols() == 0) return;
    dy *= share();
    dx.setZero();
    this->for_each_in_windows(dx.cols(), [&](Index input, Index output) {
      for (Index c = 0; c < channels(); ++c) dx.data()[input + c] += dy.data()[output + c];
    });
  }

 private:
  Index channels() const { return this->input_shape().channels; }
  Scalar share() const { return 1 / static_cast<Scalar>(this->kernel() * this->kernel()); }
};

}  // namespace scorefield
