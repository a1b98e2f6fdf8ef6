/// Exponential multistep coefficients (Adams-Bashforth, Adams-Moulton): integrals of the polynomial through past
/// values.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"

namespace scorefield::detail {

/// Up to four values, at places u in units of a step, which goes from 0 to 1.
using FourNumbers = std::array<double, 4>;

/// The integrals of h exp(-h (1 - u)) u^k for u from 0 to 1: how a step of length h in lambda weighs denoised samples.
inline FourNumbers denoised_integrals(double h) {
  FourNumbers integrals{-std::expm1(-h)};
  for (std::size_t k = 1; k < 4; ++k) integrals[k] = multiply_add(-static_cast<double>(k) / h, integrals[k - 1], 1.0);
  return integrals;
}

/// Those of h exp(-h u) u^k: how it weighs noises.
inline FourNumbers noise_integrals(double h) {
  FourNumbers integrals{-std::expm1(-h)};
  for (std::size_t k = 1; k < 4; ++k)
    integrals[k] = multiply_add(static_cast<double>(k) / h, integrals[k - 1], -std::exp(-h));
  return integrals;
}

/// The shares of the first `count` values in the mean, so weighed, of the polynomial through them, by Lagrange's basis.
/// They sum to 1.
inline FourNumbers shares_of(const FourNumbers& places, std::size_t count, const FourNumbers& integrals) {
  if (count == 1) return {1};
  FourNumbers shares{};
  for (std::size_t j = 0; j < count; ++j) {
    FourNumbers basis{1};
    for (std::size_t m = 0; m < count; ++m) {
      if (m == j) continue;
      const double scale = 1 / (places[j] - places[m]);
      for (std::size_t k = 4; k-- > 0;)
        basis[k] = scale * multiply_add(-places[m], basis[k], k > 0 ? basis[k - 1] : 0.0);
    }
    for (std::size_t k = 0; k < count; ++k) shares[j] = multiply_add(basis[k], integrals[k] / integrals[0], shares[j]);
  }
  return shares;
}

/// Where the values of this step and of the ones before it stand.
template <Sde Equation>
FourNumbers places_before(const SamplingPath<Equation>& path, Index step, Index before) {
  FourNumbers places{};
  for (Index j = 1; j <= before; ++j)
    places[static_cast<std::size_t>(j)] =
        (path.lambda(step - j) - path.lambda(step)) / (path.lambda(step + 1) - path.lambda(step));
  return places;
}

}  // namespace scorefield::detail
