/// The quadratic grid: times whose square roots are equidistant.
#pragma once

#include <cmath>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Steps that shrink linearly towards t = 0: between UniformGrid and LogSnrGrid, for pictures by Ddim. Song, Meng and
/// Ermon 2021, arXiv:2010.02502, appendix D.2, "quadratic".
struct QuadraticGrid {
  static constexpr bool reaches_zero = true;

  template <Sde Equation>
  typename Equation::Scalar time(const Equation&, typename Equation::Scalar from, typename Equation::Scalar to, Index i,
                                 Index n) const {
    const double first = std::sqrt(static_cast<double>(from)), last = std::sqrt(static_cast<double>(to));
    const double root = multiply_add(static_cast<double>(i) / static_cast<double>(n), last - first, first);
    return static_cast<typename Equation::Scalar>(root * root);
  }
};

}  // namespace scorefield
