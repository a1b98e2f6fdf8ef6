/// Power series of elementary functions, to be cut where the next term is below the precision of the scalar.
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// sum of coefficients[i] x^i by Horner's rule, unrolled.
template <std::size_t I = 0, Real Scalar, std::size_t N>
inline Scalar polynomial(Scalar x, const std::array<Scalar, N>& coefficients) {
  if constexpr (I + 1 == N)
    return coefficients[I];
  else
    return multiply_add(x, polynomial<I + 1>(x, coefficients), coefficients[I]);
}

/// artanh(s) / s = 1 + s^2/3 + s^4/5 + ..., as a polynomial in s^2.
template <Real Scalar, std::size_t N>
constexpr std::array<Scalar, N> artanh_series() {
  std::array<Scalar, N> c{};
  for (std::size_t k = 0; k < N; ++k) c[k] = Scalar(1) / static_cast<Scalar>(2 * k + 1);
  return c;
}

/// 1/first! - x^2/(first + 2)! + ..., as a polynomial in x^2: cos x for first = 0, sin x / x for first = 1.
template <Real Scalar, std::size_t N>
constexpr std::array<Scalar, N> circular_series(std::size_t first) {
  std::array<Scalar, N> c{1};
  for (std::size_t k = 1; k < N; ++k) {
    const std::size_t n = first + 2 * k;
    c[k] = -c[k - 1] / static_cast<Scalar>(n * (n - 1));
  }
  return c;
}

}  // namespace scorefield::detail
