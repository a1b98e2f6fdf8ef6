/// Sizes that are part of a type where they are given at compile time, and numbers where they are not.
#pragma once

#include <cassert>

#include "scorefield/core/types.hpp"

namespace scorefield {

template <Index N>
struct Extent {
  constexpr Extent() = default;
  constexpr explicit Extent([[maybe_unused]] Index value) { assert(value == N); }
  constexpr operator Index() const { return N; }
};

template <>
struct Extent<Eigen::Dynamic> {
  constexpr explicit Extent(Index size) : value(size) {}
  constexpr operator Index() const { return value; }
  Index value;
};

}  // namespace scorefield
