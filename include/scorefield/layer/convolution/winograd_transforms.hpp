/// The transforms of Winograd's minimal filtering F(4x4, 3x3).
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// Correlations of 4 outputs with 3 weights from 6 inputs d in 6 multiplications: A^T ((G g) * (B^T d)), the points of
/// interpolation being 0, 1, -1, 2, -2 and infinity. Lavin and Gray 2016, arXiv:1509.09308, section 4.3. Each function
/// is one of the matrices A, B, G or its transpose, times a vector of packets.
namespace winograd {

inline constexpr Index tile = 4, taps = 3, window = tile + taps - 1, products = window * window;

template <class P, std::size_t N>
using Vector = std::array<P, N>;

template <class P>
[[gnu::always_inline]] inline P times(double factor, const P& a) {
  return scorefield::multiply(Eigen::internal::pset1<P>(static_cast<ScalarOf<P>>(factor)), a);
}
template <class P>
[[gnu::always_inline]] inline P times_plus(double factor, const P& a, const P& b) {
  return multiply_add(Eigen::internal::pset1<P>(static_cast<ScalarOf<P>>(factor)), a, b);
}

struct BTransposed {
  static constexpr std::size_t rows = 6, columns = 6;
  template <class P>
  [[gnu::always_inline]] static Vector<P, 6> apply(const Vector<P, 6>& d) {
    using namespace Eigen::internal;
    const P even = times_plus(-4, d[2], d[4]), odd = times_plus(-4, d[1], d[3]);
    const P outer_even = psub(d[4], d[2]), outer_odd = psub(d[3], d[1]);
    return {times_plus(4, d[0], times_plus(-5, d[2], d[4])),
            padd(even, odd),
            psub(even, odd),
            times_plus(2, outer_odd, outer_even),
            times_plus(-2, outer_odd, outer_even),
            times_plus(4, d[1], times_plus(-5, d[3], d[5]))};
  }
};

struct B {
  static constexpr std::size_t rows = 6, columns = 6;
  template <class P>
  [[gnu::always_inline]] static Vector<P, 6> apply(const Vector<P, 6>& v) {
    using namespace Eigen::internal;
    const P sum = padd(v[1], v[2]), difference = psub(v[1], v[2]);
    const P outer_sum = padd(v[3], v[4]), outer_difference = psub(v[3], v[4]);
    return {times(4, v[0]),
            times_plus(4, psub(v[5], difference), times(-2, outer_difference)),
            times_plus(-5, v[0], times_plus(-4, sum, pnegate(outer_sum))),
            times_plus(-5, v[5], times_plus(2, outer_difference, difference)),
            padd(v[0], padd(sum, outer_sum)),
            v[5]};
  }
};

struct ATransposed {
  static constexpr std::size_t rows = 4, columns = 6;
  template <class P>
  [[gnu::always_inline]] static Vector<P, 4> apply(const Vector<P, 6>& m) {
    using namespace Eigen::internal;
    const P sum = padd(m[1], m[2]), difference = psub(m[1], m[2]);
    const P outer_sum = padd(m[3], m[4]), outer_difference = psub(m[3], m[4]);
    return {padd(m[0], padd(sum, outer_sum)), times_plus(2, outer_difference, difference),
            times_plus(4, outer_sum, sum), times_plus(8, outer_difference, padd(difference, m[5]))};
  }
};

struct A {
  static constexpr std::size_t rows = 6, columns = 4;
  template <class P>
  [[gnu::always_inline]] static Vector<P, 6> apply(const Vector<P, 4>& y) {
    using namespace Eigen::internal;
    const P even = padd(y[0], y[2]), odd = padd(y[1], y[3]);
    const P outer_even = times_plus(4, y[2], y[0]), outer_odd = times(2, times_plus(4, y[3], y[1]));
    return {y[0], padd(even, odd), psub(even, odd), padd(outer_even, outer_odd), psub(outer_even, outer_odd), y[3]};
  }
};

struct G {
  static constexpr std::size_t rows = 6, columns = 3;
  template <class P>
  [[gnu::always_inline]] static Vector<P, 6> apply(const Vector<P, 3>& g) {
    using namespace Eigen::internal;
    const P even = times(-1.0 / 6, padd(g[0], g[2])), odd = times(-1.0 / 6, g[1]);
    const P outer_even = times_plus(1.0 / 6, g[2], times(1.0 / 24, g[0])), outer_odd = times(1.0 / 12, g[1]);
    return {times(0.25, g[0]),
            padd(even, odd),
            psub(even, odd),
            padd(outer_even, outer_odd),
            psub(outer_even, outer_odd),
            g[2]};
  }
};

struct GTransposed {
  static constexpr std::size_t rows = 3, columns = 6;
  template <class P>
  [[gnu::always_inline]] static Vector<P, 3> apply(const Vector<P, 6>& u) {
    using namespace Eigen::internal;
    const P sum = times(-1.0 / 6, padd(u[1], u[2])), difference = times(-1.0 / 6, psub(u[1], u[2]));
    const P outer_sum = padd(u[3], u[4]), outer_difference = psub(u[3], u[4]);
    return {times_plus(0.25, u[0], times_plus(1.0 / 24, outer_sum, sum)),
            times_plus(1.0 / 12, outer_difference, difference), padd(u[5], times_plus(1.0 / 6, outer_sum, sum))};
  }
};

/// T X T^T for each packet of `count` numbers: load(row, column, i) gives packet i of an entry of X, and
/// store(row, column, i, packet) takes one of the result.
template <class T, Real Scalar, class Load, class Store>
[[gnu::always_inline]] inline void on_both_sides(Index count, const Load& load, const Store& store) {
  constexpr auto rows = static_cast<Index>(T::rows), columns = static_cast<Index>(T::columns);
  const auto transform_packet = [&]<class P>(const P&, Index i) __attribute__((always_inline)) {
    std::array<Vector<P, T::rows>, T::columns> left;  // the columns of T X
    for (Index x = 0; x < columns; ++x) {
      Vector<P, T::columns> column;
      unroll<columns>([&](auto y) { column[y()] = load(y(), x, i); });
      left[static_cast<std::size_t>(x)] = T::apply(column);
    }
    for (Index y = 0; y < rows; ++y) {
      Vector<P, T::columns> row;
      unroll<columns>([&](auto x) { row[x()] = left[x()][static_cast<std::size_t>(y)]; });
      const auto result = T::apply(row);
      unroll<rows>([&](auto x) { store(y, x(), i, result[x()]); });
    }
  };
  for (Index i = 0; i < count; i += packet_size<Scalar>) transform_packet(broadcast(Scalar(0)), i);
}

}  // namespace winograd

}  // namespace scorefield::detail
