/// Fused multiply-add of scalars: the product and the sum that compilers may not contract as they like.
///
/// Compilers contract a * b + c into one instruction where they see fit, anew in each copy of a function that they
/// inline, so that two copies round differently. Wherever bits are promised, a product that meets a sum is therefore
/// written with multiply_add, here for scalars and in packet.hpp for packets, or stands in a function marked
/// SCOREFIELD_ONE_COPY, which compilers neither inline nor clone.
#pragma once

#include <concepts>

namespace scorefield {

#if defined(__GNUC__) && !defined(__clang__)
#define SCOREFIELD_ONE_COPY [[gnu::noipa]]
#else
#define SCOREFIELD_ONE_COPY [[gnu::noinline]]
#endif

/// a b + c, rounded once where the target has an instruction for it, and twice where it has none.
template <std::floating_point T>
inline T multiply_add(T a, T b, T c) {
#if defined(__FMA__) || defined(__aarch64__) || defined(__FP_FAST_FMAF)
  if constexpr (sizeof(T) == sizeof(float))
    return __builtin_fmaf(a, b, c);
  else
    return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

}  // namespace scorefield
