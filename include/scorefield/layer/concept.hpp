/// What a layer must offer.
#pragma once

#include <concepts>
#include <string>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// An immutable description of a differentiable map from inputs() to outputs() numbers a sample. Its parameters are
/// `parameter_count()` consecutive numbers of a flat vector that belongs to the caller; what backward needs of a
/// forward pass is in a workspace that the caller owns as well, one a thread, so every call is const and allocates
/// nothing. A column of y depends on the same column of x alone, to the last bit, so that samples do not depend on the
/// batch they are drawn in: products and loops over packets (core/) keep to that, array functions such as sin do not.
/// With x (inputs x n), y (outputs x n) and n at most the columns that the workspace was made for:
///   declare(layout, prefix)                   adds the pieces, named prefix + "weight" and the like
///   initialise(p, random, index)              writes starting values; `index` tells layers of a network apart
///   workspace(columns)
///   evaluate(p, x, y, workspace)              y = layer(x)
///   forward(p, x, y, workspace)               the same, and keeps what backward needs
///   backward(p, x, y, dy, dx, g, workspace)   after that forward, with dy the gradient of a loss by y: writes the one
///                                             by x to dx, unless dx has no columns, and adds the one by p to g; dy is
///                                             scratch afterwards
template <class L>
concept Layer = std::copy_constructible<L> && Real<typename L::Scalar> &&
    requires(const L& layer, ParameterLayout& layout, const std::string& prefix, const Random& random, Index index,
             VectorView<typename L::Scalar> out, ConstVectorView<typename L::Scalar> p,
             ConstMatrixView<typename L::Scalar> x, MatrixView<typename L::Scalar> y,
             typename L::Workspace& workspace) {
  { layer.inputs() } -> std::convertible_to<Index>;
  { layer.outputs() } -> std::convertible_to<Index>;
  { layer.parameter_count() } -> std::convertible_to<Index>;
  { layer.workspace(index) } -> std::same_as<typename L::Workspace>;
  layer.declare(layout, prefix);
  layer.initialise(out, random, index);
  layer.evaluate(p, x, y, workspace);
  layer.forward(p, x, y, workspace);
  layer.backward(p, x, x, y, y, out, workspace);
};

}  // namespace scorefield
