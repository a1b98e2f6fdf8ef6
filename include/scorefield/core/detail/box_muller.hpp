/// Normal random numbers by the Box-Muller transform: "A Note on the Generation of Random Normal Deviates", 1958.
///
/// Straight-line arithmetic over lanes, so that compilers vectorise it and its bits depend on no math library. Each
/// product that meets a sum is fused by name, so that every copy that compilers inline has the same bits. Series are
/// cut where the next term is below the precision of the scalar.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <numbers>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/simd/series.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Says how many random bits a scalar takes and what they mean.
template <Real Scalar>
struct RandomBits;

template <>
struct RandomBits<float> {
  using Bits = std::uint32_t;
  using SignedBits = std::int32_t;
  static constexpr int mantissa_bits = 23;
  static constexpr int log_terms = 5, sine_terms = 5;

  /// In (0, 1], in steps of 2^-31 at 0: normals reach 6.66 deviations.
  static float unit(Bits bits) { return (static_cast<float>(static_cast<SignedBits>(bits >> 1)) + 0.5f) * 0x1p-31f; }
  /// In [-1/2, 1/2], from the lower 30 bits: the upper two are the quadrant.
  static float centred(Bits bits) {
    return static_cast<float>(static_cast<SignedBits>(bits & 0x3FFFFFFFu) - 0x20000000) * 0x1p-30f;
  }
  /// The bits above the mantissa as a signed number.
  static float upper_bits(Bits bits) { return static_cast<float>(static_cast<SignedBits>(bits) >> mantissa_bits); }
};

template <>
struct RandomBits<double> {
  using Bits = std::uint64_t;
  static constexpr int mantissa_bits = 52;
  static constexpr int log_terms = 11, sine_terms = 9;

  /// In (0, 1), in steps of 2^-52: normals reach 8.57 deviations.
  static double unit(Bits bits) { return std::bit_cast<double>(bits >> 12 | 0x3FF0000000000000u) - (1.0 - 0x1p-53); }
  /// In [-1/2, 1/2), from the 52 bits under the upper two, which are the quadrant.
  static double centred(Bits bits) { return std::bit_cast<double>(bits << 2 >> 12 | 0x3FF0000000000000u) - 1.5; }
  /// The bits above the mantissa as a signed number. They become the lowest bits of 2^52, because AVX2 neither shifts
  /// signed numbers of 64 bits nor converts them.
  static double upper_bits(Bits bits) {
    constexpr Bits bias = 1024;
    return std::bit_cast<double>((bits + (bias << mantissa_bits)) >> mantissa_bits | 0x4330000000000000u) -
           (0x1p52 + 1024);
  }
};

/// log u for u in (0, 1]: u = 2^e m with m in [sqrt 1/2, sqrt 2], log m = 2 artanh((m - 1) / (m + 1)).
template <Real Scalar>
inline Scalar log_unit(Scalar u) {
  using Traits = RandomBits<Scalar>;
  using Bits = typename Traits::Bits;
  static constexpr auto series = artanh_series<Scalar, Traits::log_terms>();
  constexpr Bits sqrt_half = std::bit_cast<Bits>(std::numbers::sqrt2_v<Scalar> / 2);
  constexpr Bits mantissa = (Bits{1} << Traits::mantissa_bits) - 1;
  const Bits above = std::bit_cast<Bits>(u) - sqrt_half;  // e in the upper bits, and what m has above sqrt 1/2 below
  const Scalar m = std::bit_cast<Scalar>((above & mantissa) + sqrt_half);
  const Scalar s = (m - 1) / (m + 1);
  return multiply_add(Traits::upper_bits(above), std::numbers::ln2_v<Scalar>, 2 * s * polynomial(s * s, series));
}

/// Two independent standard normals from two independent sets of random bits, lane by lane.
template <Real Scalar, std::size_t Lanes>
SCOREFIELD_ONE_COPY void box_muller(const typename RandomBits<Scalar>::Bits* __restrict radius_bits,
                                    const typename RandomBits<Scalar>::Bits* __restrict angle_bits,
                                    Scalar* __restrict first, Scalar* __restrict second) {
  using Traits = RandomBits<Scalar>;
  using Bits = typename Traits::Bits;
  static constexpr auto sine_series = circular_series<Scalar, Traits::sine_terms>(1);
  static constexpr auto cosine_series = circular_series<Scalar, Traits::sine_terms>(0);
  constexpr int sign = 8 * sizeof(Scalar) - 1;

  static_assert(Lanes % packet_size<Scalar> == 0);
  alignas(64) Scalar radius[Lanes];
  for (std::size_t l = 0; l < Lanes; ++l) radius[l] = -2 * log_unit(Traits::unit(radius_bits[l]));
  // The root is taken by packets, because std::sqrt may set errno, which keeps a loop from being vectorised.
  for (std::size_t l = 0; l < Lanes; l += packet_size<Scalar>)
    store<Scalar>(radius + l, square_root(load<Scalar>(radius + l)));

  for (std::size_t l = 0; l < Lanes; ++l) {
    const Scalar angle = Traits::centred(angle_bits[l]) * (std::numbers::pi_v<Scalar> / 2);  // within +-pi/4
    const Scalar sine = angle * polynomial(angle * angle, sine_series);
    const Scalar cosine = polynomial(angle * angle, cosine_series);
    // The upper two bits turn (cosine, sine) by 0, 1, 2 or 3 quarters.
    const Bits quarters = angle_bits[l] >> (sign - 1);
    const Bits odd = Bits{0} - (quarters & 1);
    const Bits c = std::bit_cast<Bits>(radius[l] * cosine), s = std::bit_cast<Bits>(radius[l] * sine);
    const Bits flip_first = ((quarters ^ quarters >> 1) & 1) << sign;
    const Bits flip_second = (quarters >> 1) << sign;
    first[l] = std::bit_cast<Scalar>(((c & ~odd) | (s & odd)) ^ flip_first);
    second[l] = std::bit_cast<Scalar>(((s & ~odd) | (c & odd)) ^ flip_second);
  }
}

}  // namespace scorefield::detail
