/// The concepts Layer and ImageLayer: what a layer of a network must offer.
#pragma once

#include <concepts>
#include <string>

#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// An immutable description of a differentiable map from inputs() to outputs() numbers a sample. The map may look at a
/// context as well, such as an embedding of the time: context_size() numbers a sample, which is 0 for most layers.
///
/// Parameters are `parameter_count()` consecutive numbers of a flat vector that belongs to the caller. What backward
/// needs of a forward pass is in a workspace that the caller owns as well, one a thread. So every call is const and
/// allocates nothing. A column of y depends on the same column of x and c alone, to the last bit, so that samples do
/// not depend on the batch they are drawn in: products and loops over packets (core/) keep to that, array functions
/// such as sin do not.
///
/// With x (inputs x n), c (context_size x n), y (outputs x n) and n at most the columns that the workspace was made
/// for:
///   declare(layout, prefix)            adds the pieces, named prefix + "weight" and the like
///   initialise(p, random, index)       writes starting values; `index` tells layers of a network apart
///   workspace(columns)
///   evaluate(p, x, c, y, workspace)    y = layer(x, c)
///   forward(p, x, c, y, workspace)     the same, and keeps what backward needs
///   backward(p, x, c, y, dy, dx, dc, g, workspace)
/// Backward comes after that forward, with dy the gradient of a loss by y, which is scratch afterwards. It writes the
/// gradient by x to dx, unless dx has no columns. It adds the gradient by c to dc, unless dc has no columns, because
/// layers share a context. It adds the gradient by p to g, unless g has no numbers. A layer without a context does not
/// look at c and dc. Backward may be called again after the same forward, with another dy.
template <class L>
concept Layer = std::copy_constructible<L> && Real<typename L::Scalar> &&
    requires(const L& layer, ParameterLayout& layout, const std::string& prefix, const Random& random, Index index,
             VectorView<typename L::Scalar> out, ConstVectorView<typename L::Scalar> p,
             ConstMatrixView<typename L::Scalar> x, MatrixView<typename L::Scalar> y,
             typename L::Workspace& workspace) {
  { layer.inputs() } -> std::convertible_to<Index>;
  { layer.context_size() } -> std::convertible_to<Index>;
  { layer.outputs() } -> std::convertible_to<Index>;
  { layer.parameter_count() } -> std::convertible_to<Index>;
  { layer.workspace(index) } -> std::same_as<typename L::Workspace>;
  layer.declare(layout, prefix);
  layer.initialise(out, random, index);
  layer.evaluate(p, x, x, y, workspace);
  layer.forward(p, x, x, y, workspace);
  layer.backward(p, x, x, x, y, y, y, out, workspace);
};

/// A layer from images of one shape to images of one shape.
template <class L>
concept ImageLayer = Layer<L> && requires(const L& layer) {
  { layer.input_shape() } -> std::convertible_to<ImageShape>;
  { layer.output_shape() } -> std::convertible_to<ImageShape>;
};

}  // namespace scorefield
