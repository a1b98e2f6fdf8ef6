/// Conditional layers for the checks of plain ones.
#pragma once

#include <string>
#include <utility>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/conditional.hpp"

namespace scorefield::test {

/// A conditional layer as a plain one whose input has the context below x, so that every check sees both gradients.
template <ConditionalLayer L>
class Joined {
 public:
  using Scalar = typename L::Scalar;
  struct Workspace {
    typename L::Workspace layer;
    Matrix<Scalar> x, c, dx, dc;
  };

  explicit Joined(L layer) : layer_(std::move(layer)) {}
  Index inputs() const { return layer_.inputs() + layer_.context_size(); }
  Index outputs() const { return layer_.outputs(); }
  Index parameter_count() const { return layer_.parameter_count(); }
  void declare(ParameterLayout& layout, const std::string& prefix) const { layer_.declare(layout, prefix); }
  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    layer_.initialise(p, random, index);
  }
  Workspace workspace(Index n) const {
    const auto like = [n](Index rows) { return Matrix<Scalar>(rows, n); };
    return {layer_.workspace(n), like(layer_.inputs()), like(layer_.context_size()), like(layer_.inputs()),
            like(layer_.context_size())};
  }
  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const {
    part(x, w);
    layer_.evaluate(p, some(std::as_const(w.x), x), some(std::as_const(w.c), x), y, w.layer);
  }
  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, Workspace& w) const {
    part(x, w);
    layer_.forward(p, some(std::as_const(w.x), x), some(std::as_const(w.c), x), y, w.layer);
  }
  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> y, MatrixView<Scalar> dy,
                MatrixView<Scalar> dx, VectorView<Scalar> g, Workspace& w) const {
    auto dc = some(w.dc, x);
    dc.setConstant(3);  // the layer adds to it
    layer_.backward(p, some(std::as_const(w.x), x), some(std::as_const(w.c), x), y, dy, columns(w.dx, 0, dx.cols()), dc,
                    g, w.layer);
    if (dx.cols() == 0) return;
    dx.topRows(layer_.inputs()) = some(w.dx, x);
    dx.bottomRows(layer_.context_size()) = dc.array() - 3;
  }

 private:
  template <class M>
  static auto some(M& m, ConstMatrixView<Scalar> x) {
    return columns(m, 0, x.cols());
  }
  void part(ConstMatrixView<Scalar> x, Workspace& w) const {
    some(w.x, x) = x.topRows(layer_.inputs());
    some(w.c, x) = x.bottomRows(layer_.context_size());
  }

  L layer_;
};

}  // namespace scorefield::test
