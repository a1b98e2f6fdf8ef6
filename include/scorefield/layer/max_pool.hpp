/// MaxPool, maximum pooling.
#pragma once

#include <cassert>
#include <limits>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/pool.hpp"

namespace scorefield {

/// y holds for each channel the largest number in each window. Padding is smaller than any number. The gradient goes to
/// the first of equal numbers. A NaN in the window comes out.
template <Real S>
class MaxPool : public detail::Pool<S> {
 public:
  using Scalar = S;
  using typename detail::Pool<S>::Workspace;

  /// Throws InvalidArgument for options out of their range, and for an image that is smaller than a window.
  explicit MaxPool(const ImageShape& shape, const PoolOptions& options = {})
      : detail::Pool<S>("MaxPool", shape, options) {}

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == this->inputs() && y.rows() == this->outputs() && x.cols() == y.cols());
    y.setConstant(-std::numeric_limits<Scalar>::infinity());
    this->for_each_in_windows(x.cols(), [&](Index input, Index output) {
      const Scalar* from = x.data() + input;
      Scalar* to = y.data() + output;
      for (Index c = 0; c < channels(); ++c) to[c] = from[c] > to[c] || from[c] != from[c] ? from[c] : to[c];
    });
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, ConstMatrixView<Scalar> y,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    if (dx.cols() == 0) return;
    dx.setZero();
    this->for_each_in_windows(x.cols(), [&](Index input, Index output) {
      const Scalar *from = x.data() + input, *largest = y.data() + output;
      Scalar *gradient = dy.data() + output, *to = dx.data() + input;
      // What is found takes the gradient and leaves 0 to the ones after it.
      constexpr Index size = packet_size<Scalar>;
      const auto zero = broadcast(Scalar(0));
      Index c = 0;
      for (; c + size <= channels(); c += size) {
        const auto number = load<Scalar>(from + c), most = load<Scalar>(largest + c), d = load<Scalar>(gradient + c);
        store<Scalar>(to + c, add(load<Scalar>(to + c), zero_where_less(number, most, d)));
        store<Scalar>(gradient + c, where_less(number, most, d, zero));
      }
      for (; c < channels(); ++c)
        if (!(from[c] < largest[c])) to[c] += std::exchange(gradient[c], Scalar(0));
    });
  }

 private:
  Index channels() const { return this->input_shape().channels; }
};

}  // namespace scorefield
