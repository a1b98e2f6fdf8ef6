/// Weightings of the loss by the noise level.
#pragma once

#include <concepts>
#include <string>

namespace scorefield {

/// A value that says what a squared error of the denoised sample D counts, in units of the noise: its loss is
/// root(alpha, sigma)^2 |D - x0|^2 / sigma^2.
///   settings()    text that differs where hyper-parameters do, see core/settings.hpp
template <class W>
concept Weighting = std::copy_constructible<W> && requires(const W& weighting, float number) {
  { weighting.settings() } -> std::convertible_to<std::string>;
  { weighting.root(number, number) } -> std::same_as<float>;
};

}  // namespace scorefield
