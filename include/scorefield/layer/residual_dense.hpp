/// ResidualDense: two dense layers, modulated by a context (FiLM), and a residual connection.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/detail/activate.hpp"
#include "scorefield/layer/activation/silu.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/detail/part_of.hpp"
#include "scorefield/layer/detail/runs.hpp"

namespace scorefield {

/// y = x + second(f((1 + scale) first(x) + shift)), where first and second are linear layers from width to width, and
/// scale and shift of each number come from the context by a third. It starts as the identity, because `second` starts
/// at 0. He et al. 2016, arXiv:1603.05027; the modulation, Perez et al. 2018, arXiv:1709.07871.
template <Real S, Activation F = SiLU>
class ResidualDense {
 public:
  using Scalar = S;

  struct Workspace {
    typename Dense<S>::Workspace first, modulation, second;
    Matrix<Scalar> hidden, activated, derivative;  // width x columns: first(x), and f and f' of what is made of it
    Matrix<Scalar> modulated_by;                   // 2 width x columns: scale, and shift below
    Matrix<Scalar> dy, d_hidden;                   // width x columns
    Matrix<Scalar> d_modulated_by, d_context;      // 2 width, and context_size, x columns
  };

  /// Throws InvalidArgument unless both sizes are positive.
  ResidualDense(Index width, Index context_size)
      : first_(width, width), modulation_(context_size, 2 * width), second_(width, width) {}

  Index inputs() const { return first_.inputs(); }
  Index context_size() const { return modulation_.inputs(); }
  Index outputs() const { return second_.outputs(); }
  Index parameter_count() const { return offset_of_second() + second_.parameter_count(); }

  void declare(ParameterLayout& layout, const std::string& prefix) const {
    first_.declare(layout, prefix + "first.");
    modulation_.declare(layout, prefix + "modulation.");
    second_.declare(layout, prefix + "second.");
  }

  void initialise(VectorView<Scalar> p, const Random& random, Index index) const {
    first_.initialise(of_first(p), random, index);
    modulation_.initialise(of_modulation(p), random, index + first_.parameter_count());
    of_second(p).setZero();
  }

  Workspace workspace(Index n) const {
    const auto wide = [&](Index rows) { return Matrix<Scalar>(rows, n); };
    const Index w = inputs();
    return {first_.workspace(n),
            modulation_.workspace(n),
            second_.workspace(n),
            wide(w),
            wide(w),
            wide(w),
            wide(2 * w),
            wide(w),
            wide(w),
            wide(2 * w),
            wide(context_size())};
  }

  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
                Workspace& w) const {
    run(p, x, c, y, w, [](auto z, auto) { activate<F>(z); });
  }

  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               Workspace& w) const {
    run(p, x, c, y, w, [](auto z, auto derivative) { activate<F>(z, derivative); });
  }

  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, Workspace& w) const {
    const Index n = x.cols(), width = inputs();
    const auto some = [n](auto& m) { return columns(m, 0, n); };
    const auto& kept = std::as_const(w);
    // Linear layers look at no context and not at their result, which nobody kept.
    auto scratch = some(w.dy), d_hidden = some(w.d_hidden), by = some(w.d_modulated_by);
    std::copy_n(dy.data(), dy.size(), scratch.data());
    second_.backward(of_second(p), some(kept.activated), c, y, scratch, d_hidden, dc, of_second(g), w.second);
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < width; ++i) {
        const Scalar by_shift = d_hidden(i, j) * w.derivative(i, j);
        by(i, j) = by_shift * w.hidden(i, j);
        by(width + i, j) = by_shift;
        d_hidden(i, j) = by_shift * (1 + w.modulated_by(i, j));
      }
    modulation_.backward(of_modulation(p), c, c, some(kept.modulated_by), by, columns(w.d_context, 0, dc.cols()), dc,
                         of_modulation(g), w.modulation);
    if (dc.cols() > 0) detail::add_to(dc, columns(kept.d_context, 0, dc.cols()));
    first_.backward(of_first(p), x, c, some(kept.hidden), d_hidden, dx, dc, of_first(g), w.first);
    if (dx.cols() > 0) detail::add_to(dx, dy);
  }

 private:
  /// `finish` applies the activation to a matrix, and may write its derivative to the other.
  template <class Finish>
  void run(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
           Workspace& w, const Finish& finish) const {
    const Index n = x.cols(), width = inputs();
    const auto some = [n](auto& m) { return columns(m, 0, n); };
    const auto& kept = std::as_const(w);
    first_.evaluate(of_first(p), x, c, some(w.hidden), w.first);
    modulation_.evaluate(of_modulation(p), c, c, some(w.modulated_by), w.modulation);
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < width; ++i)
        w.activated(i, j) = multiply_add(w.hidden(i, j), 1 + w.modulated_by(i, j), w.modulated_by(width + i, j));
    finish(some(w.activated), some(w.derivative));
    second_.evaluate(of_second(p), some(kept.activated), c, y, w.second);
    detail::add_to(y, x);
  }

  Index offset_of_modulation() const { return first_.parameter_count(); }
  Index offset_of_second() const { return offset_of_modulation() + modulation_.parameter_count(); }
  template <class V>
  V of_first(V p) const {
    return detail::part_of(p, 0, first_.parameter_count());
  }
  template <class V>
  V of_modulation(V p) const {
    return detail::part_of(p, offset_of_modulation(), modulation_.parameter_count());
  }
  template <class V>
  V of_second(V p) const {
    return detail::part_of(p, offset_of_second(), second_.parameter_count());
  }

  Dense<S> first_, modulation_, second_;
};

}  // namespace scorefield
