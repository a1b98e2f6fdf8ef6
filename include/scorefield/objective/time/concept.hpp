/// Distributions of the training time: at which noise levels a denoiser is trained.
#pragma once

#include <concepts>
#include <string>

#include "scorefield/core/types.hpp"
#include "scorefield/objective/detail/equation_archetype.hpp"

namespace scorefield {

/// A time and what a loss at it counts.
template <Real Scalar>
struct WeightedTime {
  Scalar t, weight;
};

/// Hyper-parameters as a value:
///   validate(sde)                throws InvalidArgument for those that cannot work, for this equation
///   settings()                   the hyper-parameters as text, which differs where they do; see core/settings.hpp
///   draw(sde, u, index, count)   a WeightedTime with t in (0, 1], for sample `index` of a batch of `count`, from u,
///                                which is uniform in (0, 1]
/// A distribution either keeps what the loss is a mean over, t uniform in [t_min, 1], by weights, as UniformTime,
/// PowerLawTime and LikelihoodTime do; or it is there to change that, and its weights are 1: LogNormalSigma,
/// LogitNormalTime and LevelTime.
template <class T>
concept TimeDistribution = std::copy_constructible<T> &&
    requires(const T& times, const detail::EquationArchetype& sde, float u, Index index) {
  times.validate(sde);
  { times.settings() } -> std::convertible_to<std::string>;
  { times.draw(sde, u, index, index) } -> std::same_as<WeightedTime<float>>;
};

}  // namespace scorefield
