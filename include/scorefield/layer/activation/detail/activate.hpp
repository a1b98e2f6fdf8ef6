/// Applies an activation function to each number of a matrix, with its derivative or without.
#pragma once

#include <array>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/activation/concept.hpp"

namespace scorefield {

/// z = f(z), element by element.
template <Activation F, Real Scalar>
void activate(MatrixView<Scalar> z) {
  transform(
      z.data(), z.size(), [](const auto& packet) { return F::evaluate(packet).value; }, z.data());
}

/// z = f(z) and derivative = f'(z), element by element; derivative has the shape of z.
template <Activation F, Real Scalar>
void activate(MatrixView<Scalar> z, MatrixView<Scalar> derivative) {
  const auto both = [](const auto& packet) {
    const auto f = F::evaluate(packet);
    return std::array{f.value, f.derivative};
  };
  transform(std::array{z.data(), derivative.data()}, z.size(), both, z.data());
}

}  // namespace scorefield
