/// Layers that look at a second input, such as the time.
#pragma once

#include <concepts>
#include <string>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/concept.hpp"

namespace scorefield {

/// As a Layer, but y depends on a context as well, context_size() numbers a sample. With c (context_size() x n):
///   evaluate(p, x, c, y, workspace)
///   forward(p, x, c, y, workspace)
///   backward(p, x, c, y, dy, dx, dc, g, workspace)   adds the gradient by c to dc: layers share a context
template <class L>
concept ConditionalLayer = std::copy_constructible<L> && Real<typename L::Scalar> &&
    requires(const L& layer, ParameterLayout& layout, const std::string& prefix, const Random& random, Index index,
             VectorView<typename L::Scalar> out, ConstVectorView<typename L::Scalar> p,
             ConstMatrixView<typename L::Scalar> x, MatrixView<typename L::Scalar> y,
             typename L::Workspace& workspace) {
  { layer.inputs() } -> std::convertible_to<Index>;
  { layer.outputs() } -> std::convertible_to<Index>;
  { layer.context_size() } -> std::convertible_to<Index>;
  { layer.parameter_count() } -> std::convertible_to<Index>;
  { layer.workspace(index) } -> std::same_as<typename L::Workspace>;
  layer.declare(layout, prefix);
  layer.initialise(out, random, index);
  layer.evaluate(p, x, x, y, workspace);
  layer.forward(p, x, x, y, workspace);
  layer.backward(p, x, x, x, y, y, y, out, workspace);
};

/// What can stand in a sequence of layers.
template <class L>
concept AnyLayer = Layer<L> || ConditionalLayer<L>;

namespace detail {

// Calls of layers of both kinds, with a context that a plain layer does not get to see. x and dx are what it takes.

template <AnyLayer L, class X, Real Scalar = typename L::Scalar>
void evaluate(const L& layer, ConstVectorView<Scalar> p, const X& x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
              typename L::Workspace& w) {
  if constexpr (ConditionalLayer<L>)
    layer.evaluate(p, x, c, y, w);
  else
    layer.evaluate(p, x, y, w);
}

template <AnyLayer L, class X, Real Scalar = typename L::Scalar>
void forward(const L& layer, ConstVectorView<Scalar> p, const X& x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
             typename L::Workspace& w) {
  if constexpr (ConditionalLayer<L>)
    layer.forward(p, x, c, y, w);
  else
    layer.forward(p, x, y, w);
}

template <AnyLayer L, class X, class DX, Real Scalar = typename L::Scalar>
void backward(const L& layer, ConstVectorView<Scalar> p, const X& x, ConstMatrixView<Scalar> c,
              ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, const DX& dx, MatrixView<Scalar> dc,
              VectorView<Scalar> g, typename L::Workspace& w) {
  if constexpr (ConditionalLayer<L>)
    layer.backward(p, x, c, y, dy, dx, dc, g, w);
  else
    layer.backward(p, x, y, dy, dx, g, w);
}

template <AnyLayer L>
Index context_size(const L& layer) {
  if constexpr (ConditionalLayer<L>)
    return layer.context_size();
  else
    return 0;
}

/// The calls of a layer that is made of layers, and conditional where one of them is. `Whole` offers evaluate_parts,
/// forward_parts and backward_parts, which take what the calls of a conditional layer take; without a context it and
/// its gradient have no numbers.
template <class Whole, Real Scalar, bool conditional>
class CallsOfParts {
 public:
  template <class W>
  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, W& w) const
      requires(!conditional) {
    whole().evaluate_parts(p, x, ConstMatrixView<Scalar>(nullptr, 0, 0), y, w);
  }
  template <class W>
  void evaluate(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
                W& w) const requires conditional {
    whole().evaluate_parts(p, x, c, y, w);
  }

  template <class W>
  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, MatrixView<Scalar> y, W& w) const
      requires(!conditional) {
    whole().forward_parts(p, x, ConstMatrixView<Scalar>(nullptr, 0, 0), y, w);
  }
  template <class W>
  void forward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c, MatrixView<Scalar> y,
               W& w) const requires conditional {
    whole().forward_parts(p, x, c, y, w);
  }

  template <class W>
  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> y, MatrixView<Scalar> dy,
                MatrixView<Scalar> dx, VectorView<Scalar> g, W& w) const requires(!conditional) {
    whole().backward_parts(p, x, ConstMatrixView<Scalar>(nullptr, 0, 0), y, dy, dx, MatrixView<Scalar>(nullptr, 0, 0),
                           g, w);
  }
  template <class W>
  void backward(ConstVectorView<Scalar> p, ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> c,
                ConstMatrixView<Scalar> y, MatrixView<Scalar> dy, MatrixView<Scalar> dx, MatrixView<Scalar> dc,
                VectorView<Scalar> g, W& w) const requires conditional {
    whole().backward_parts(p, x, c, y, dy, dx, dc, g, w);
  }

 private:
  const Whole& whole() const { return static_cast<const Whole&>(*this); }
};

}  // namespace detail

}  // namespace scorefield
