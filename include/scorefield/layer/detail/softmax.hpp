/// Softmax over each column of a matrix, in place, and its gradient.
#pragma once

#include <cassert>

#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Each column z becomes exp(factor z) over the sum of its numbers; factor > 0. A NaN spreads over its column.
template <Real Scalar>
void softmax_columns(MatrixView<Scalar> z, Scalar factor) {
  for (Index j = 0; j < z.cols(); ++j) {
    Scalar* column = z.col(j).data();
    // The largest number is exact in whatever order it is searched.
    const auto largest = broadcast(z.col(j).maxCoeff());
    const auto scale = broadcast(factor);
    const auto exponential = [&](const auto& number) {
      return exp_of_negative(multiply(subtract(number, largest), scale));
    };
    transform(column, z.rows(), exponential, column);
    const auto share = broadcast(1 / sum_of(z.rows(), column));
    const auto shared = [&](const auto& number) { return multiply(number, share); };
    transform(column, z.rows(), shared, column);
  }
}

/// After z became `weights`, with d the gradient of a loss by the weights: d becomes the one by z.
template <Real Scalar>
void softmax_columns_backward(ConstMatrixView<Scalar> weights, MatrixView<Scalar> d, Scalar factor) {
  assert(d.rows() == weights.rows() && d.cols() == weights.cols());
  for (Index j = 0; j < d.cols(); ++j) {
    const Scalar* weight = weights.col(j).data();
    Scalar* slope = d.col(j).data();
    const auto product = [](const auto& a, const auto& b) { return multiply(a, b); };
    const auto mean = broadcast(sum_of(d.rows(), product, weight, slope));
    const auto scale = broadcast(factor);
    const auto centred = [&](const auto& a, const auto& b) { return multiply(multiply(a, scale), subtract(b, mean)); };
    transform(slope, d.rows(), centred, weight, slope);
  }
}

}  // namespace scorefield::detail
