/// The gradient through a bias and an activation (backpropagation).
#pragma once

#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// For y = f(z + b 1^T), dy becomes dy f'(z), which is the gradient by z, and db += the sum of its columns. dy is
/// outputs x n. The derivative f'(z) is as large, or null where f is the identity; db is null where the gradient by b
/// is not wanted.
template <Real Scalar>
void through_activation(MatrixView<Scalar> dy, const Scalar* derivative, Scalar* db) {
  if (!db) {
    const auto product = [](const auto& d, const auto& slope) { return multiply(d, slope); };
    if (derivative) transform(dy.data(), dy.size(), product, std::as_const(dy).data(), derivative);
    return;
  }
  constexpr Index size = packet_size<Scalar>, most = 4;
  const Index rows = dy.rows(), whole = rows - rows % size;
  const auto some = [&]<Index Packets>(std::integral_constant<Index, Packets>, Index row) {
    Packet<Scalar> sum[Packets];
    unroll<Packets>([&](auto p) { sum[p] = load<Scalar>(db + row + p * size); });
    for (Index j = 0; j < dy.cols(); ++j) {
      Scalar* column = dy.data() + j * rows + row;
      unroll<Packets>([&](auto p) {
        const auto d = load<Scalar>(column + p * size);
        if (derivative) {
          const auto slope = load<Scalar>(derivative + j * rows + row + p * size);
          store<Scalar>(column + p * size, multiply(d, slope));
          sum[p] = multiply_add(d, slope, sum[p]);
        } else {
          sum[p] = add(sum[p], d);
        }
      });
    }
    unroll<Packets>([&](auto p) { store<Scalar>(db + row + p * size, sum[p]); });
  };
  Index row = 0;
  for (; row + most * size <= whole; row += most * size) some(std::integral_constant<Index, most>{}, row);
  for (; row < whole; row += size) some(std::integral_constant<Index, 1>{}, row);
  for (Index j = 0; j < dy.cols(); ++j)
    for (Index i = whole; i < rows; ++i) {
      const Scalar d = dy(i, j);
      if (derivative) {
        const Scalar slope = derivative[j * rows + i];
        dy(i, j) = d * slope;
        db[i] = multiply_add(d, slope, db[i]);
      } else {
        db[i] += d;
      }
    }
}

}  // namespace scorefield::detail
