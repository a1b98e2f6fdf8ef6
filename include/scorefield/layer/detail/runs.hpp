/// Copies and adds runs of numbers that stand apart in memory: blocks of matrices, channels of images.
#pragma once

#include <algorithm>
#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

// Functions in place of expressions of Eigen, each of which is compiled anew wherever it stands.

/// Copies `count` runs of `length` numbers, which are from_stride and to_stride apart.
template <Real Scalar>
[[gnu::noinline]] void copy_runs(const Scalar* from, Index from_stride, Index length, Scalar* to, Index to_stride,
                                 Index count) {
  for (Index i = 0; i < count; ++i) std::copy_n(from + i * from_stride, length, to + i * to_stride);
}

/// The same, but adds them to what is there.
template <Real Scalar>
[[gnu::noinline]] void add_runs(const Scalar* from, Index from_stride, Index length, Scalar* to, Index to_stride,
                                Index count) {
  if (from_stride == length && to_stride == length) length *= count, count = std::min<Index>(count, 1);
  const auto sum = [](const auto& a, const auto& b) { return add(a, b); };
  for (Index i = 0; i < count; ++i)
    transform(to + i * to_stride, length, sum, static_cast<const Scalar*>(to) + i * to_stride, from + i * from_stride);
}

/// to += from, of equal shape.
template <Real Scalar, class View>
void add_to(MatrixView<Scalar> to, const View& from) {
  add_runs<Scalar>(from.data(), from.size(), from.size(), to.data(), from.size(), 1);
}

}  // namespace scorefield::detail
