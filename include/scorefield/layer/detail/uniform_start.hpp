/// Initialisation of weights, uniform around 0.
#pragma once

#include <cmath>

#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Writes to p numbers that are uniform in +-1 / sqrt(inputs), inputs being how many numbers an output is made of;
/// `index` tells layers of a network apart.
template <Real Scalar>
void start_uniform(VectorView<Scalar> p, const Random& random, Index index, Index inputs) {
  random.uniform(MatrixView<Scalar>(p.data(), p.size(), 1), index, 0);
  const Scalar bound = 1 / std::sqrt(static_cast<Scalar>(inputs));
  for (Scalar& weight : p) weight = multiply_add(Scalar(2), weight, Scalar(-1)) * bound;
}

}  // namespace scorefield::detail
