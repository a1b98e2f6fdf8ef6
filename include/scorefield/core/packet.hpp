/// SIMD registers through Eigen's portable packets: with the activation functions, the one place that names Eigen's
/// internals.
///
/// A loop over packets gives each element the same bits wherever it stands, because the last, incomplete packet goes
/// through the same instructions as the others. Array expressions do not: they finish with scalar functions.
#pragma once

#include <algorithm>
#include <type_traits>
#include <utility>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// The widest register of the target for a scalar; the scalar itself where there is none.
template <Real Scalar>
using Packet = typename Eigen::internal::packet_traits<Scalar>::type;

template <Real Scalar>
inline constexpr Index packet_size = Eigen::internal::unpacket_traits<Packet<Scalar>>::size;

template <Real Scalar>
inline Packet<Scalar> broadcast(Scalar value) {
  return Eigen::internal::pset1<Packet<Scalar>>(value);
}
template <Real Scalar>
inline Packet<Scalar> load(const Scalar* from) {
  return Eigen::internal::ploadu<Packet<Scalar>>(from);
}
template <Real Scalar>
inline void store(Scalar* to, const Packet<Scalar>& packet) {
  Eigen::internal::pstoreu(to, packet);
}

/// The first `count` elements, zeros after them; count in [0, packet_size].
template <Real Scalar>
inline Packet<Scalar> load_part(const Scalar* from, Index count) {
  alignas(64) Scalar buffer[packet_size<Scalar>] = {};
  std::copy_n(from, count, buffer);
  return load<Scalar>(buffer);
}
template <Real Scalar>
inline void store_part(Scalar* to, const Packet<Scalar>& packet, Index count) {
  alignas(64) Scalar buffer[packet_size<Scalar>];
  store<Scalar>(buffer, packet);
  std::copy_n(buffer, count, to);
}

namespace detail {

/// Compilers decide anew in each copy of a function which multiplications and additions to fuse: where bits must agree
/// there must be one copy, neither inlined nor cloned for an argument.
#if defined(__GNUC__) && !defined(__clang__)
#define SCOREFIELD_ONE_COPY [[gnu::noipa]]
#else
#define SCOREFIELD_ONE_COPY [[gnu::noinline]]
#endif

/// to[i] = f(from[i]...), count a multiple of packet_size.
template <Real Scalar, class F, class... From>
SCOREFIELD_ONE_COPY void transform_whole(Scalar* to, Index count, const F& f, const From*... from) {
  for (Index i = 0; i < count; i += packet_size<Scalar>) store<Scalar>(to + i, f(load<Scalar>(from + i)...));
}

/// Room for one packet.
template <Real Scalar>
struct PacketBuffer {
  alignas(64) Scalar values[packet_size<Scalar>] = {};

  PacketBuffer() = default;
  PacketBuffer(const Scalar* from, Index count) { std::copy_n(from, count, values); }
};

}  // namespace detail

/// to[i] = f(from[i]...) for i in [0, count); `to` may be one of `from`.
template <Real Scalar, class F, class... From>
inline void transform(Scalar* to, Index count, const F& f, const From*... from) {
  const Index rest = count % packet_size<Scalar>, whole = count - rest;
  detail::transform_whole(to, whole, f, from...);
  if (rest == 0) return;
  detail::PacketBuffer<Scalar> last;
  detail::transform_whole(last.values, packet_size<Scalar>, f,
                          detail::PacketBuffer<Scalar>(from + whole, rest).values...);
  std::copy_n(last.values, rest, to + whole);
}

template <class P>
inline P multiply(const P& a, const P& b) {
  return Eigen::internal::pmul(a, b);
}

/// a b + c, rounded once where the target can.
template <class P>
inline P multiply_add(const P& a, const P& b, const P& c) {
  return Eigen::internal::pmadd(a, b, c);
}

/// z < 0 ? yes : no, element by element.
template <class P>
inline P where_negative(const P& z, const P& yes, const P& no) {
  return Eigen::internal::pselect(Eigen::internal::pcmp_lt(z, Eigen::internal::pset1<P>(0)), yes, no);
}

/// Calls f(integral_constant 0), ..., f(integral_constant N - 1).
template <Index N, class F>
inline void unroll(F&& f) {
  [&]<Index... I>(std::integer_sequence<Index, I...>) { (f(std::integral_constant<Index, I>{}), ...); }
  (std::make_integer_sequence<Index, N>{});
}

}  // namespace scorefield
