/// Weightings of the loss by the noise level.
#pragma once

#include <concepts>
#include <string>

#include "scorefield/core/types.hpp"
#include "scorefield/objective/detail/equation_archetype.hpp"

namespace scorefield {

/// A time t in (0, 1] with the equation's signal(t) and deviation(t).
template <Real Scalar>
struct NoiseLevel {
  Scalar t, alpha, sigma;
};

/// A value that says what a squared error of the denoised sample D counts, in units of the noise: its loss is
/// root(sde, level)^2 |D - x0|^2 / sigma^2.
///   validate()          throws InvalidArgument for hyper-parameters that cannot work
///   settings()          text that differs where hyper-parameters do, see core/settings.hpp
///   root(sde, level)    for any Sde, as its Scalar
template <class W>
concept Weighting = std::copy_constructible<W> &&
    requires(const W& weighting, const detail::EquationArchetype& sde, const NoiseLevel<float>& level) {
  weighting.validate();
  { weighting.settings() } -> std::convertible_to<std::string>;
  { weighting.root(sde, level) } -> std::same_as<float>;
};

}  // namespace scorefield
