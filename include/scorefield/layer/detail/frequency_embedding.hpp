/// The base class of embeddings of a number in sines and cosines.
#pragma once

#include <cassert>
#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/parameterless.hpp"

namespace scorefield::detail {

/// From 1 number x to 2 m: the sines of x times each of m angular frequencies, then the cosines.
template <Real S>
class FrequencyEmbedding : public Parameterless<S> {
 public:
  using Scalar = S;
  struct Workspace {};

  Index inputs() const { return 1; }
  Index outputs() const { return 2 * frequencies_.size(); }
  Workspace workspace(Index) const { return {}; }

  /// m, in radians per unit of x.
  const Vector<Scalar>& frequencies() const { return frequencies_; }

  /// In one copy, because compilers make one call of a sine and a cosine in some copies and two in others.
  SCOREFIELD_ONE_COPY void evaluate(ConstVectorView<Scalar>, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar>,
                                    MatrixView<Scalar> y, Workspace&) const {
    assert(x.rows() == 1 && y.rows() == outputs() && x.cols() == y.cols());
    const Index m = frequencies_.size();
    for (Index j = 0; j < x.cols(); ++j)
      for (Index i = 0; i < m; ++i) {
        const Scalar angle = frequencies_(i) * x(0, j);
        y(i, j) = std::sin(angle);
        y(m + i, j) = std::cos(angle);
      }
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }

  void backward(ConstVectorView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar>, ConstMatrixView<Scalar> y,
                MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar>, VectorView<Scalar>,
                Workspace&) const {
    const Index m = frequencies_.size();
    const auto slope = [](const auto& frequency, const auto& sine, const auto& cosine, const auto& dsine,
                          const auto& dcosine) {
      using scorefield::multiply;
      return multiply(frequency, subtract(multiply(dsine, cosine), multiply(dcosine, sine)));
    };
    for (Index j = 0; j < dx.cols(); ++j) {
      const Scalar *sine = y.col(j).data(), *dsine = dy.col(j).data();
      dx(0, j) = sum_of(m, slope, frequencies_.data(), sine, sine + m, dsine, dsine + m);
    }
  }

 protected:
  explicit FrequencyEmbedding(Vector<Scalar> frequencies) : frequencies_(std::move(frequencies)) {}

  /// outputs / 2, or InvalidArgument where that is no number of frequencies.
  static Index checked_half(const std::string& operation, Index outputs) {
    if (outputs < 2 || outputs % 2 != 0)
      throw InvalidArgument(operation, "an even number of outputs from 2 on", text(outputs),
                            "each frequency gives a sine and a cosine");
    return outputs / 2;
  }

 private:
  Vector<Scalar> frequencies_;
};

}  // namespace scorefield::detail
