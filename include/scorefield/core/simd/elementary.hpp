/// Elementary functions of packets, each for the arguments that the activation functions have.
///
/// The polynomials are minimax (Remez 1934) of relative error. tests/core/elementary.cpp holds the functions to their
/// errors in units in the last place (ulp), with and without fused multiply-adds. NaN comes out where it goes in.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <numbers>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

namespace detail {

/// x^Power, Power being a power of 2.
template <std::size_t Power, class P>
requires(std::has_single_bit(Power)) inline P power(const P& x) {
  if constexpr (Power == 1) {
    return x;
  } else {
    const P root = power<Power / 2>(x);
    return Eigen::internal::pmul(root, root);
  }
}

/// The sum of coefficients[First + i] x^i for i in [0, Terms): short chains side by side take less time than a long
/// one. Estrin, "Organization of Computer Systems", 1960.
template <std::size_t First, std::size_t Terms, class P, Real Scalar, std::size_t N>
inline P estrin(const P& x, const std::array<Scalar, N>& coefficients) {
  if constexpr (Terms == 1) {
    return broadcast(coefficients[First]);
  } else {
    constexpr std::size_t low = std::bit_ceil(Terms) / 2;
    return multiply_add(estrin<First + low, Terms - low>(x, coefficients), power<low>(x),
                        estrin<First, low>(x, coefficients));
  }
}
template <class P, Real Scalar, std::size_t N>
inline P estrin(const P& x, const std::array<Scalar, N>& coefficients) {
  return estrin<0, N>(x, coefficients);
}

/// What exp and log1p take from the format of a scalar.
template <Real Scalar>
struct Elementary;

template <>
struct Elementary<float> {
  static constexpr int mantissa_bits = 23;
  /// Added to a number of magnitude up to 2^21, leaves it rounded, plus the bias of exponents, in the lowest bits.
  static constexpr float rounding = 0x1.8p23f + 127;
  static constexpr float least_exponent = -126 * 0.693147180f;
  /// ln 2 in two parts, the first of so few bits that products with exponents are exact.
  static constexpr float ln2_high = 0x1.63p-1f, ln2_low = -2.12194440e-4f;
  /// (exp(r) - 1 - r) / r^2 for |r| <= ln(2)/2, error 1.3e-8 of exp(r) - 1.
  static constexpr std::array exponential{0.5000000062f, 0.1666654255f, 0.04166628075f, 0.008366643771f,
                                          0.001394654632f};
  /// log(1 + e) is e for all e below.
  static constexpr float negligible = 0x1p-30f;
  /// (log(1 + e) - e) / e^2 for e in [0, 1], error 3.3e-8 of log(1 + e).
  static constexpr std::array logarithm{-0.4999964798f, 0.3332132291f,  -0.2485716605f,  0.1915366407f,
                                        -0.1375382104f, 0.07920474627f, -0.03006591556f, 0.005364853589f};
};

template <>
struct Elementary<double> {
  static constexpr int mantissa_bits = 52;
  static constexpr double rounding = 0x1.8p52 + 1023;
  static constexpr double least_exponent = -1022 * 0.693147180559945309;
  static constexpr double ln2_high = 0x1.62e4p-1, ln2_low = 1.42860682030941723e-6;
  /// Error 1.8e-17.
  static constexpr std::array exponential{0.50000000000000056,      0.166666666666666861,   0.0416666666665729491,
                                          0.00833333333331447501,   0.00138888889326154573, 0.000198412699033302857,
                                          0.0000248015041456543897, 2.75572276516585424e-6, 2.76264514870066224e-7,
                                          2.511457794087439e-8};
  static constexpr double negligible = 0x1p-60;
  /// Error 9.5e-18.
  static constexpr std::array logarithm{
      -0.499999999999994597,   0.333333333332350412,   -0.249999999936764214,    0.199999997913184593,
      -0.166666624984217214,   0.142856588961914207,   -0.124994796036557662,    0.111075059392496325,
      -0.0998101467140542616,  0.0901315286312992378,  -0.080812097779220207,    0.0703553968181988738,
      -0.0575019955811123772,  0.042300110768734769,   -0.0267439689928265752,   0.0138385966908003025,
      -0.00554311294362604876, 0.00159574260539087638, -0.000291761562371501074, 0.0000253299763203790999};
};

/// The value, whose sums compilers must not reorder with those that it comes into: with -fassociative-math, which clang
/// does not tell of, they would cancel what is added to round. Without that flag this is nothing.
template <class P>
inline P as_computed(const P& value) {
#if defined(__clang__) && defined(__SSE2__) && __has_builtin(__arithmetic_fence)
  return __arithmetic_fence(value);
#else
  return value;
#endif
}

/// exp(z) = scale (1 + part), scale being a power of 2 and |part| below 0.42.
template <class P>
struct SplitExponential {
  P scale, part;
};

/// For z in [least_exponent, 0].
template <class P>
inline SplitExponential<P> split_exponential(const P& z) {
  using Scalar = ScalarOf<P>;
  using E = Elementary<Scalar>;
  const P rounding = broadcast(E::rounding);
  const P rounded = multiply_add(z, broadcast(std::numbers::log2e_v<Scalar>), rounding);
  const P n = as_computed(Eigen::internal::psub(as_computed(rounded), rounding));
  P r = as_computed(multiply_add(n, broadcast(-E::ln2_high), z));
  r = multiply_add(n, broadcast(-E::ln2_low), r);
  return {shift_left<E::mantissa_bits>(rounded),
          multiply_add(Eigen::internal::pmul(r, r), estrin(r, E::exponential), r)};
}

}  // namespace detail

/// exp(z) for z <= 0: within 1.25 ulp, and 0 where it is below the smallest normal number.
template <class P>
inline P exp_of_negative(const P& z) {
  using Scalar = ScalarOf<P>;
  const auto [scale, part] = detail::split_exponential(z);
  return zero_where_less(z, broadcast(detail::Elementary<Scalar>::least_exponent), multiply_add(scale, part, scale));
}

/// exp(z) - 1 for z <= 0: within 1.25 ulp.
template <class P>
inline P expm1_of_negative(const P& z) {
  using Scalar = ScalarOf<P>;
  const auto [scale, part] = detail::split_exponential(z);
  const P minus_one = broadcast(Scalar(-1));
  return where_less(z, broadcast(detail::Elementary<Scalar>::least_exponent), minus_one,
                    multiply_add(scale, part, Eigen::internal::padd(scale, minus_one)));
}

/// log(1 + e) for e in [0, 1]: within 2 ulp.
template <class P>
inline P log1p_of_unit(const P& e) {
  using E = detail::Elementary<ScalarOf<P>>;
  // Powers of a small e would be subnormal numbers, on which some processors take a hundred times as long.
  const P x = Eigen::internal::pmax(e, broadcast(E::negligible));
  return multiply_add(multiply(x, detail::estrin(x, E::logarithm)), e, e);
}

}  // namespace scorefield
