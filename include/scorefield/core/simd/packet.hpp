/// SIMD registers and arithmetic on them, through Eigen's portable packets.
///
/// A loop over packets gives each element the same bits wherever it stands, because the last, incomplete packet goes
/// through the same instructions as the others. Array expressions do not: they finish with scalar functions.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// The widest register of the target for a scalar; the scalar itself where there is none.
template <Real Scalar>
using Packet = typename Eigen::internal::packet_traits<Scalar>::type;

/// The scalar that a packet consists of.
template <class P>
using ScalarOf = typename Eigen::internal::unpacket_traits<P>::type;

template <Real Scalar>
inline constexpr Index packet_size = Eigen::internal::unpacket_traits<Packet<Scalar>>::size;

template <Real Scalar>
inline Packet<Scalar> broadcast(Scalar value) {
  return Eigen::internal::pset1<Packet<Scalar>>(value);
}
/// The same where the packet's type is at hand: constant<P>(1).
template <class P>
inline P constant(ScalarOf<P> value) {
  return Eigen::internal::pset1<P>(value);
}
template <Real Scalar>
inline Packet<Scalar> load(const Scalar* from) {
  return Eigen::internal::ploadu<Packet<Scalar>>(from);
}
template <Real Scalar>
inline void store(Scalar* to, const Packet<Scalar>& packet) {
  Eigen::internal::pstoreu(to, packet);
}

/// Loads as many floats as a packet of doubles has numbers, and converts them to double.
inline Packet<double> load_in_double(const float* from) {
  constexpr std::size_t size = sizeof(Packet<double>) / sizeof(double);
#ifdef __GNUC__
  using Floats [[gnu::vector_size(size * sizeof(float))]] = float;
  using Doubles [[gnu::vector_size(size * sizeof(double))]] = double;
  Floats floats;
  std::memcpy(&floats, from, sizeof(floats));
  return std::bit_cast<Packet<double>>(__builtin_convertvector(floats, Doubles));
#else
  std::array<double, size> doubles;
  std::copy_n(from, size, doubles.begin());
  return std::bit_cast<Packet<double>>(doubles);
#endif
}
/// Stores a packet of doubles, rounded to floats.
inline void store_rounded(float* to, const Packet<double>& packet) {
  constexpr std::size_t size = sizeof(Packet<double>) / sizeof(double);
#ifdef __GNUC__
  using Floats [[gnu::vector_size(size * sizeof(float))]] = float;
  using Doubles [[gnu::vector_size(size * sizeof(double))]] = double;
  const Floats floats = __builtin_convertvector(std::bit_cast<Doubles>(packet), Floats);
  std::memcpy(to, &floats, sizeof(floats));
#else
  for (const double number : std::bit_cast<std::array<double, size>>(packet)) *to++ = static_cast<float>(number);
#endif
}
inline Packet<double> load_in_double(const double* from) { return load<double>(from); }
inline void store_rounded(double* to, const Packet<double>& packet) { store<double>(to, packet); }

/// Calls f(integral_constant 0), ..., f(integral_constant N - 1), always inline: arrays of packets that f works on then
/// stay in registers.
template <Index N, class F>
[[gnu::always_inline]] inline void unroll(F&& f) {
  [&]<Index... I>(std::integer_sequence<Index, I...>) __attribute__((always_inline)) {
    (f(std::integral_constant<Index, I>{}), ...);
  }
  (std::make_integer_sequence<Index, N>{});
}

namespace detail {

/// Room for one packet.
template <Real Scalar>
struct PacketBuffer {
  alignas(64) Scalar values[packet_size<Scalar>] = {};

  PacketBuffer() = default;
  PacketBuffer(const Scalar* from, Index count) { std::copy_n(from, count, values); }
};

/// to[k][i] = f(from[0][i], from[1][i], ...)[k], count a multiple of packet_size. The arrays are copies, which no store
/// to memory can change.
template <Real Scalar, std::size_t N, class F, class... From>
SCOREFIELD_ONE_COPY void transform_whole(std::array<Scalar*, N> to, Index count, const F& f, const From*... from) {
  for (Index i = 0; i < count; i += packet_size<Scalar>) {
    const auto packets = f(load<Scalar>(from + i)...);
    unroll<N>([&](auto k) { store<Scalar>(to[k] + i, packets[k]); });
  }
}

/// Copies numbers [first, first + count) of each of `arrays` to a buffer, which takes the array's place. In one copy,
/// because every transform has a use for it.
template <Real Scalar>
[[gnu::noinline]] void move_to_buffers(std::span<const Scalar*> arrays, Index first, Index count,
                                       PacketBuffer<Scalar>* buffers) {
  for (const Scalar*& array : arrays) {
    std::copy_n(array + first, count, buffers->values);
    array = buffers++->values;
  }
}

}  // namespace detail

/// The first `count` elements, zeros after them; count in [0, packet_size].
template <Real Scalar>
inline Packet<Scalar> load_part(const Scalar* from, Index count) {
  return load<Scalar>(detail::PacketBuffer<Scalar>(from, count).values);
}
template <Real Scalar>
inline void store_part(Scalar* to, const Packet<Scalar>& packet, Index count) {
  detail::PacketBuffer<Scalar> buffer;
  store<Scalar>(buffer.values, packet);
  std::copy_n(buffer.values, count, to);
}

/// to[k][i] = f(from[i]...)[k] for i in [0, count); f returns an array of packets. Each of `to` may be one of `from`.
template <Real Scalar, std::size_t N, class F, class... From>
inline void transform(const std::array<Scalar*, N>& to, Index count, const F& f, const From*... from) {
  const Index rest = count % packet_size<Scalar>, whole = count - rest;
  detail::transform_whole(to, whole, f, from...);
  if (rest == 0) return;
  std::array<const Scalar*, sizeof...(From)> sources{from...};
  std::array<detail::PacketBuffer<Scalar>, sizeof...(From)> arguments;
  std::array<detail::PacketBuffer<Scalar>, N> results;
  std::array<Scalar*, N> targets;
  for (std::size_t k = 0; k < N; ++k) targets[k] = results[k].values;
  detail::move_to_buffers<Scalar>(sources, whole, rest, arguments.data());
  [&]<std::size_t... K>(std::index_sequence<K...>) {
    detail::transform_whole(targets, packet_size<Scalar>, f, sources[K]...);
  }
  (std::make_index_sequence<sizeof...(From)>{});
  for (std::size_t k = 0; k < N; ++k) std::copy_n(targets[k], rest, to[k] + whole);
}

/// to[i] = f(from[i]...).
template <Real Scalar, class F, class... From>
inline void transform(Scalar* to, Index count, const F& f, const From*... from) {
  transform(
      std::array{to}, count, [&f](const auto&... packet) { return std::array{f(packet...)}; }, from...);
}

template <class P>
inline P add(const P& a, const P& b) {
  return Eigen::internal::padd(a, b);
}
template <class P>
inline P subtract(const P& a, const P& b) {
  return Eigen::internal::psub(a, b);
}
template <class P>
inline P multiply(const P& a, const P& b) {
  return Eigen::internal::pmul(a, b);
}
template <class P>
inline P divide(const P& a, const P& b) {
  return Eigen::internal::pdiv(a, b);
}
template <class P>
inline P smaller(const P& a, const P& b) {
  return Eigen::internal::pmin(a, b);
}
template <class P>
inline P larger(const P& a, const P& b) {
  return Eigen::internal::pmax(a, b);
}
template <class P>
inline P negate(const P& a) {
  return Eigen::internal::pnegate(a);
}
/// |a|
template <class P>
inline P magnitude(const P& a) {
  return Eigen::internal::pabs(a);
}

/// The sum of f(from[i]...) for i in [0, count), in an order that depends on count alone; f of zeros must be 0.
template <Real Scalar, class F, class... From>
SCOREFIELD_ONE_COPY Scalar sum_of(Index count, const F& f, const Scalar* first, const From*... from) {
  const Index rest = count % packet_size<Scalar>, whole = count - rest;
  auto sum = broadcast(Scalar(0));
  for (Index i = 0; i < whole; i += packet_size<Scalar>)
    sum = Eigen::internal::padd(sum, f(load<Scalar>(first + i), load<Scalar>(from + i)...));
  if (rest > 0)
    sum =
        Eigen::internal::padd(sum, f(load_part<Scalar>(first + whole, rest), load_part<Scalar>(from + whole, rest)...));
  return Eigen::internal::predux(sum);
}
/// The sum of the numbers themselves.
template <Real Scalar>
Scalar sum_of(Index count, const Scalar* numbers) {
  return sum_of(
      count, [](const auto& number) { return number; }, numbers);
}

/// a b + c, rounded once where the target can.
#ifdef __clang__
// Eigen's is inline assembly for clang, which no optimiser looks into: products are then three times as slow.
template <class P>
requires(!std::floating_point<P>) inline P multiply_add(const P& a, const P& b, const P& c) {
#pragma clang fp contract(fast)
  return a * b + c;
}
#else
template <class P>
requires(!std::floating_point<P>) inline P multiply_add(const P& a, const P& b, const P& c) {
  return Eigen::internal::pmadd(a, b, c);
}
#endif

/// The correctly rounded square root of each element. Eigen's own of floats starts from an estimate of the processor's,
/// whose bits differ between makers, and makes NaN of the root of infinity.
template <class P>
inline P square_root(const P& a) {
  return Eigen::internal::psqrt(a);
}
inline float square_root(float a) { return std::sqrt(a); }
inline double square_root(double a) { return std::sqrt(a); }
#ifdef EIGEN_VECTORIZE_SSE2
inline Eigen::internal::Packet4f square_root(const Eigen::internal::Packet4f& a) { return _mm_sqrt_ps(a); }
#endif
#ifdef EIGEN_VECTORIZE_AVX
inline Eigen::internal::Packet8f square_root(const Eigen::internal::Packet8f& a) { return _mm256_sqrt_ps(a); }
#endif
#ifdef EIGEN_VECTORIZE_AVX512
inline Eigen::internal::Packet16f square_root(const Eigen::internal::Packet16f& a) { return _mm512_sqrt_ps(a); }
inline Eigen::internal::Packet8d square_root(const Eigen::internal::Packet8d& a) { return _mm512_sqrt_pd(a); }
#endif

/// a < b ? yes : no, element by element.
template <class P>
inline P where_less(const P& a, const P& b, const P& yes, const P& no) {
  return Eigen::internal::pselect(Eigen::internal::pcmp_lt(a, b), yes, no);
}
/// a < b ? 0 : no, element by element.
template <class P>
inline P zero_where_less(const P& a, const P& b, const P& no) {
  return Eigen::internal::pandnot(no, Eigen::internal::pcmp_lt(a, b));
}
/// z < 0 ? yes : no, element by element.
template <class P>
inline P where_negative(const P& z, const P& yes, const P& no) {
  return where_less(z, Eigen::internal::pset1<P>(0), yes, no);
}

/// The bits of each element, moved up by `count` places.
template <int count, class P>
inline P shift_left(const P& a) {
  using Bits = std::conditional_t<sizeof(ScalarOf<P>) == 4, std::uint32_t, std::uint64_t>;
#ifdef __GNUC__
  using AllBits [[gnu::vector_size(sizeof(P))]] = Bits;
  return std::bit_cast<P>(std::bit_cast<AllBits>(a) << count);
#else
  auto bits = std::bit_cast<std::array<Bits, sizeof(P) / sizeof(Bits)>>(a);
  for (auto& element : bits) element <<= count;
  return std::bit_cast<P>(bits);
#endif
}

/// to[j * to_stride + i] = from[i * from_stride + j] for i and j in [0, packet_size).
template <Real Scalar>
inline void transpose_square(const Scalar* from, Index from_stride, Scalar* to, Index to_stride) {
  constexpr Index size = packet_size<Scalar>;
  const auto transpose = [&]<class P>(const P&) {
    Eigen::internal::PacketBlock<P, static_cast<int>(size)> block;
    unroll<size>([&](auto i) { block.packet[i] = load<Scalar>(from + i * from_stride); });
    Eigen::internal::ptranspose(block);
    unroll<size>([&](auto j) { store<Scalar>(to + j * to_stride, block.packet[j]); });
  };
  transpose(load<Scalar>(from));
}

}  // namespace scorefield
