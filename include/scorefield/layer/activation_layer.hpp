/// ActivationLayer: an activation function as a layer of its own.
#pragma once

#include <array>
#include <cassert>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/detail/parameterless.hpp"

namespace scorefield {

/// y = f(x), element by element, where no layer before it could apply f to its outputs on the way.
template <Real S, Activation F>
class ActivationLayer : public detail::Parameterless<S> {
 public:
  using Scalar = S;

  struct Workspace {
    Matrix<Scalar> derivative;  // size x columns: f'(x)
  };

  /// Throws InvalidArgument for a size below 1.
  explicit ActivationLayer(Index size) : size_(size) {
    if (size < 1)
      throw InvalidArgument("ActivationLayer", "a size from 1 on", text(size), "it is the outputs of the layer before");
  }

  Index inputs() const { return size_; }
  Index outputs() const { return size_; }
  Workspace workspace(Index columns) const { return {Matrix<Scalar>(size_, columns)}; }

  void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
                Workspace&) const {
    assert(x.rows() == size_ && y.rows() == size_ && x.cols() == y.cols());
    transform(
        y.data(), y.size(), [](const auto& packet) { return F::evaluate(packet).value; }, x.data());
  }

  void forward(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>, MatrixView<Scalar> y,
               Workspace& w) const {
    assert(x.rows() == size_ && y.rows() == size_ && x.cols() == y.cols());
    const auto both = [](const auto& packet) {
      const auto f = F::evaluate(packet);
      return std::array{f.value, f.derivative};
    };
    transform(std::array{y.data(), w.derivative.data()}, y.size(), both, x.data());
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace& w) const {
    if (dx.cols() == 0) return;
    dx.array() = dy.array() * w.derivative.leftCols(dy.cols()).array();
  }

 private:
  Index size_;
};

}  // namespace scorefield
