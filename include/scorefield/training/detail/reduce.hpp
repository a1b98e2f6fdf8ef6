/// The sum of partial gradients and its norm: the second part of a training step.
#pragma once

#include <cstddef>
#include <numeric>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/training/detail/gradient_slots.hpp"

namespace scorefield::detail {

/// The sum of squares of `count` numbers, in an order that depends on the count alone: by quarters, because one sum
/// after the other would wait for each addition.
template <Real Scalar>
Scalar sum_of_squares(const Scalar* g, Index count) {
  using scorefield::multiply;  // of packets, not this namespace's of matrices
  const Index quarter = count / 4;
  const auto of_four = [](const auto& a, const auto& b, const auto& c, const auto& d) {
    return add(multiply_add(a, a, multiply(b, b)), multiply_add(c, c, multiply(d, d)));
  };
  const auto of_one = [](const auto& a) { return multiply(a, a); };
  return sum_of(quarter, of_four, g, g + quarter, g + 2 * quarter, g + 3 * quarter) +
         sum_of(count % 4, of_one, g + 4 * quarter);
}

/// Adds the slots up in their order, in place of the first. Returns the square of the sum's Euclidean norm, which is
/// not finite where an optimizer might not be able to make a step: where a number's square overflows, or it is none.
template <Real Scalar>
double reduce(GradientSlots<Scalar>& slots, int threads) {
  const Chunks pieces = slots.pieces();
  parallel_for(pieces.pieces(), threads, [&](Index i, int) {
    const Index first = pieces.first(i), length = pieces.length(i);
    Scalar* const sum = slots.partial.front().data() + first;
    for (std::size_t slot = 1; slot < slots.partial.size(); ++slot)
      transform(
          sum, length, [](const auto& a, const auto& b) { return add(a, b); }, sum, slots.partial[slot].data() + first);
    slots.squares[static_cast<std::size_t>(i)] = static_cast<double>(sum_of_squares(sum, length));
  });
  return std::accumulate(slots.squares.begin(), slots.squares.end(), 0.0);
}

}  // namespace scorefield::detail
