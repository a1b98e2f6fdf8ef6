/// The concept Network: what a network must offer.
#pragma once

#include <concepts>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// An immutable description of a map from noisy samples in R^d, told their noise levels and conditions, to R^d, whose
/// parameters are one flat vector that belongs to the caller. As with layers, calls are const and allocate nothing;
/// with a batch of n samples, y (d x n), and n at most chunk_size(), the number of columns that a workspace holds and
/// that work is cut into:
///   dimension()                                   d
///   layout()                                      names, shapes and number of the parameters
///   initialise(p, random)                         writes starting values
///   workspace()
///   evaluate(p, batch, y, workspace)              y = network(batch)
///   forward(p, batch, y, workspace)               the same, and keeps what backward needs beside the batch and y
///   backward(p, batch, y, dy, dx, g, workspace)   after that forward, with dy the gradient of a loss by y: writes the
///                                                 one by x to dx, unless dx has no columns, and adds the one by p to
///                                                 g, unless g has no numbers; dy is scratch afterwards. It may
///                                                 be called again, with another dy
/// It may offer, where it looks at the batch's conditions:
///   condition_size()                              k, the numbers that a sample is given; batch.condition has k + 1
///                                                 rows, the last of which tells whether it is given
/// and, where samples are images:
///   image_shape()                                 theirs
template <class N>
concept Network = std::copy_constructible<N> && Real<typename N::Scalar> &&
    requires(const N& network, const Random& random, VectorView<typename N::Scalar> out,
             ConstVectorView<typename N::Scalar> p, const NoisyBatch<typename N::Scalar>& batch,
             ConstMatrixView<typename N::Scalar> y, MatrixView<typename N::Scalar> dy,
             typename N::Workspace& workspace) {
  { network.dimension() } -> std::convertible_to<Index>;
  { network.chunk_size() } -> std::convertible_to<Index>;
  { network.layout() } -> std::convertible_to<ParameterLayout>;
  { network.workspace() } -> std::same_as<typename N::Workspace>;
  network.initialise(out, random);
  network.evaluate(p, batch, dy, workspace);
  network.forward(p, batch, dy, workspace);
  network.backward(p, batch, y, dy, dy, out, workspace);
};

}  // namespace scorefield
