/// The grid of equidistant times.
#pragma once

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Equal steps in time: for schemes in the equation's own time, and the natural one of rectified flow.
struct UniformGrid {
  static constexpr bool reaches_zero = true;

  template <Sde Equation>
  typename Equation::Scalar time(const Equation&, typename Equation::Scalar from, typename Equation::Scalar to, Index i,
                                 Index n) const {
    using Scalar = typename Equation::Scalar;
    return multiply_add(from - to, static_cast<Scalar>(n - i) / static_cast<Scalar>(n), to);
  }
};

}  // namespace scorefield
