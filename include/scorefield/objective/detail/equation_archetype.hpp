/// An equation with nothing but what its concept asks for, on which the concepts of times and weightings are checked.
#pragma once

#include "scorefield/sde/concept.hpp"

namespace scorefield::detail {

/// Declared alone, never called.
struct EquationArchetype {
  using Scalar = float;

  float drift(float t) const;
  float diffusion(float t) const;
  float signal(float t) const;
  float deviation(float t) const;
};
static_assert(Sde<EquationArchetype>);

}  // namespace scorefield::detail
