/// What a network must offer.
#pragma once

#include <concepts>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// An immutable description of a map from a sample x in R^d and its time t to R^d, whose parameters are one flat vector
/// that belongs to the caller. As with layers, calls are const and allocate nothing; with x and y (d x n), t (n), and n
/// at most chunk_size(), the number of columns that a workspace holds and that work is cut into:
///   dimension()                                d
///   layout()                                   names, shapes and number of the parameters
///   initialise(p, random)                      writes starting values
///   workspace()
///   evaluate(p, x, t, y, workspace)            y = network(x, t)
///   forward(p, x, t, y, workspace)             the same, and keeps what backward needs
///   backward(p, dy, dx, g, workspace)          after that forward, with dy the gradient of a loss by y: writes the one
///                                              by x to dx, unless dx has no columns, and adds the one by p to g; dy is
///                                              scratch afterwards
template <class N>
concept Network = std::copy_constructible<N> && Real<typename N::Scalar> &&
    requires(const N& network, const Random& random, VectorView<typename N::Scalar> out,
             ConstVectorView<typename N::Scalar> p, ConstMatrixView<typename N::Scalar> x,
             MatrixView<typename N::Scalar> y, typename N::Workspace& workspace) {
  { network.dimension() } -> std::convertible_to<Index>;
  { network.chunk_size() } -> std::convertible_to<Index>;
  { network.layout() } -> std::convertible_to<ParameterLayout>;
  { network.workspace() } -> std::same_as<typename N::Workspace>;
  network.initialise(out, random);
  network.evaluate(p, x, p, y, workspace);
  network.forward(p, x, p, y, workspace);
  network.backward(p, y, y, out, workspace);
};

}  // namespace scorefield
