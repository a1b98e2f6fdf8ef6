/// Distributions of the training time: at which noise levels a denoiser is trained.
#pragma once

#include <concepts>
#include <string>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// A time and what a loss at it counts.
template <Real Scalar>
struct WeightedTime {
  Scalar t, weight;
};

/// Hyper-parameters as a value:
///   validate()              throws InvalidArgument for those that cannot work
///   settings()              the hyper-parameters as text, which differs where they do; see core/settings.hpp
///   draw(u, index, count)   a WeightedTime with t in (0, 1], for sample `index` of a batch of `count`, from u, which
///   is
///                           uniform in (0, 1]. Weights keep the mean of a function over t uniform in [t_min, 1]
template <class T>
concept TimeDistribution = std::copy_constructible<T> && requires(const T& times, float u, Index index) {
  times.validate();
  { times.settings() } -> std::convertible_to<std::string>;
  { times.draw(u, index, index) } -> std::same_as<WeightedTime<float>>;
};

}  // namespace scorefield
