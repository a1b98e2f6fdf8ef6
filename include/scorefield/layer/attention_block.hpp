/// AttentionBlock: self-attention of the normalised image with a residual connection.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/part_of.hpp"
#include "scorefield/layer/detail/runs.hpp"
#include "scorefield/layer/group_norm.hpp"
#include "scorefield/layer/self_attention.hpp"

namespace scorefield {

/// y = x + attention(norm(x)), where attention is a SelfAttention whose last map starts at 0, and norm a GroupNorm: the
/// block starts as the identity. Ho et al. 2020, arXiv:2006.11239, appendix B.
template <Real S>
class AttentionBlock {
 public:
  using Scalar = S;

  struct Workspace {
    typename GroupNorm<S>::Workspace norm;
    typename SelfAttention<S>::Workspace attention;
    Matrix<Scalar> normalised, d_normalised;  // and the gradient of the loss by it
    Matrix<Scalar> dy;                        // for attention to change
  };

  /// Throws InvalidArgument unless groups and heads divide the channels, and a group has more than one number.
  AttentionBlock(const ImageShape& shape, Index groups, Index heads) : norm_(shape, groups), attention_(shape, heads) {}

  const ImageShape& input_shape() const { return norm_.input_shape(); }
  const ImageShape& output_shape() const { return norm_.output_shape(); }
  Index inputs() const { return norm_.inputs(); }
  Index context_size() const { return 0; }
  Index outputs() const { return norm_.outputs(); }
  Index parameter_count() const { return norm_.parameter_count() + attention_.parameter_count(); }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    norm_.declare(layout, prefix + "norm.");
    attention_.declare(layout, prefix + "attention.");
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    norm_.initialise(of_norm(p), random, index);
    attention_.initialise(of_attention(p), random, index);
    p.tail(attention_.parameter_count() / 4).setZero();  // its last map
  }

  Workspace workspace(Index n) const {
    return {norm_.workspace(n), attention_.workspace(n), Matrix<Scalar>(inputs(), n), Matrix<Scalar>(inputs(), n),
            Matrix<Scalar>(inputs(), n)};
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
                Workspace& w) const {
    run(p, x, c, y, w, [](const auto& part, auto&&... arguments) { part.evaluate(arguments...); });
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    run(p, x, c, y, w, [](const auto& part, auto&&... arguments) { part.forward(arguments...); });
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, Workspace& w) const {
    const Index n = x.cols();
    std::copy_n(dy.data(), dy.size(), w.dy.data());
    // Neither looks at its result, which nobody kept.
    attention_.backward(of_attention(p), columns(std::as_const(w.normalised), 0, n), c, y, columns(w.dy, 0, n),
                        columns(w.d_normalised, 0, n), dc, of_attention(g), w.attention);
    norm_.backward(of_norm(p), x, c, y, columns(w.d_normalised, 0, n), dx, dc, of_norm(g), w.norm);
    if (dx.cols() > 0) detail::add_to(dx, dy);
  }

 private:
  /// Calls step(part, arguments of its evaluate or forward) for both parts.
  template <class Step>
  void run(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
           Workspace& w, const Step& step) const {
    const Index n = x.cols();
    step(norm_, of_norm(p), x, c, columns(w.normalised, 0, n), w.norm);
    step(attention_, of_attention(p), columns(std::as_const(w.normalised), 0, n), c, y, w.attention);
    detail::add_to(y, x);
  }

  template <class V>
  V of_norm(V p) const {
    return detail::part_of(p, 0, norm_.parameter_count());
  }
  template <class V>
  V of_attention(V p) const {
    return detail::part_of(p, norm_.parameter_count(), attention_.parameter_count());
  }

  GroupNorm<S> norm_;
  SelfAttention<S> attention_;
};

}  // namespace scorefield
