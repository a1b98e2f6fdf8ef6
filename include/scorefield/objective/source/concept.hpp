/// Sources: the distribution at t = 1 whose draws training adds to the data as noise.
#pragma once

#include <concepts>
#include <string>

#include "scorefield/core/types.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

/// A value. draw() is const and allocates nothing:
///   validate(d)           throws InvalidArgument where it has no samples of d numbers
///   settings()            text that differs where sources do, see core/settings.hpp
///   draw(of, noise)       writes a sample to each column of the noise (d x n), those of a piece of a batch
template <class S>
concept Source = std::copy_constructible<S> &&
    requires(const S& source, Index d, const Draw& of, MatrixView<float> noise) {
  source.validate(d);
  { source.settings() } -> std::convertible_to<std::string>;
  source.draw(of, noise);
};

}  // namespace scorefield
