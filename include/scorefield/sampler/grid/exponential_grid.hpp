/// The exponential grid: times that fall by the same factor in every step.
#pragma once

#include <cmath>

#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// t_last^(i / n): equal steps in log t, more of them at early times than any other grid has. On EDM's equation it is
/// LogSnrGrid. Zhang and Chen 2023, arXiv:2204.13902, compare such grids.
struct ExponentialGrid {
  static constexpr bool reaches_zero = false;

  template <Sde Equation>
  typename Equation::Scalar time(const Equation&, typename Equation::Scalar from, typename Equation::Scalar to, Index i,
                                 Index n) const {
    const double share = static_cast<double>(i) / static_cast<double>(n);
    const double ratio = static_cast<double>(to) / static_cast<double>(from);
    return static_cast<typename Equation::Scalar>(static_cast<double>(from) * std::pow(ratio, share));
  }
};

}  // namespace scorefield
