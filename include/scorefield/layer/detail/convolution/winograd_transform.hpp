/// The transforms of Winograd's minimal filtering F(4x4, 3x3): with 36 products in place of 144, a tile of 4 x 4 pixels
/// of a correlation of 3 x 3 is, with 6 x 6 pixels X and weights W,
///   Y = A^T [(G W G^T) * (B^T X B)] A,
/// the product in the middle being element by element. Lavin and Gray 2016, arXiv:1509.09308, equation 8.
///
/// Along one axis that is Toom and Cook's product of polynomials, by their values at six points. A holds the points'
/// powers, G their powers over the products of their distances to the other points, a row of B^T the coefficients of
/// the polynomial that vanishes at all points but one (Barabasz et al. 2018, arXiv:1803.10986). The points here are 0,
/// +-1/sqrt(2), +-sqrt(2) and infinity: with them rounding errors are half of those with 0, +-1, +-2 and infinity.
#pragma once

#include <numbers>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield::detail::winograd {

inline constexpr Index kernel_edge = 3, tile_edge = 4, window_edge = tile_edge + kernel_edge - 1;
inline constexpr Index matrices = window_edge * window_edge;

/// N packets along one axis.
template <Real Scalar, Index N>
struct Line {
  Packet<Scalar> at[N];

  Packet<Scalar>& operator[](Index i) { return at[i]; }
  const Packet<Scalar>& operator[](Index i) const { return at[i]; }
};

/// a x with a constant.
template <Real Scalar>
inline Packet<Scalar> scale(double a, const Packet<Scalar>& x) {
  return multiply(broadcast(static_cast<Scalar>(a)), x);
}

/// a x + b with a constant.
template <Real Scalar>
inline Packet<Scalar> scale_add(double a, const Packet<Scalar>& x, const Packet<Scalar>& b) {
  return multiply_add(broadcast(static_cast<Scalar>(a)), x, b);
}

/// even + root odd and even - root odd, the values at a point and at its negative.
template <Real Scalar, Index N>
inline void put_pair(Line<Scalar, N>& to, Index i, double root, const Packet<Scalar>& odd, const Packet<Scalar>& even) {
  to[i] = scale_add<Scalar>(root, odd, even);
  to[i + 1] = scale_add<Scalar>(-root, odd, even);
}

inline constexpr double small_point = 1 / std::numbers::sqrt2, large_point = std::numbers::sqrt2;
inline constexpr double small_square = 0.5, large_square = 2;
/// Over the products of distances to the other points, which for 0 and infinity are 1.
inline constexpr double small_weight = -2.0 / 3, large_weight = 1.0 / 6;

/// B^T x.
struct InputTransform {
  static constexpr Index from = window_edge, to = window_edge;

  template <Real Scalar>
  static Line<Scalar, to> apply(const Line<Scalar, from>& x) {
    Line<Scalar, to> y;
    y[0] = scale_add<Scalar>(-(small_square + large_square), x[2], add(x[0], x[4]));
    put_pair<Scalar>(y, 1, small_point, scale_add<Scalar>(-large_square, x[1], x[3]),
                     scale_add<Scalar>(-large_square, x[2], x[4]));
    put_pair<Scalar>(y, 3, large_point, scale_add<Scalar>(-small_square, x[1], x[3]),
                     scale_add<Scalar>(-small_square, x[2], x[4]));
    y[5] = scale_add<Scalar>(-(small_square + large_square), x[3], add(x[1], x[5]));
    return y;
  }
};

/// A^T m.
struct OutputTransform {
  static constexpr Index from = window_edge, to = tile_edge;

  template <Real Scalar>
  static Line<Scalar, to> apply(const Line<Scalar, from>& m) {
    const auto small_even = add(m[1], m[2]), small_odd = subtract(m[1], m[2]);
    const auto large_even = add(m[3], m[4]), large_odd = subtract(m[3], m[4]);
    Line<Scalar, to> y;
    y[0] = add(m[0], add(small_even, large_even));
    y[1] = scale_add<Scalar>(small_point, small_odd, scale<Scalar>(large_point, large_odd));
    y[2] = scale_add<Scalar>(small_square, small_even, scale<Scalar>(large_square, large_even));
    y[3] = scale_add<Scalar>(small_point * small_square, small_odd,
                             scale_add<Scalar>(large_point * large_square, large_odd, m[5]));
    return y;
  }
};

/// A y, the adjoint of the output's transform.
struct OutputGradientTransform {
  static constexpr Index from = tile_edge, to = window_edge;

  template <Real Scalar>
  static Line<Scalar, to> apply(const Line<Scalar, from>& y) {
    Line<Scalar, to> m;
    m[0] = y[0];
    put_pair<Scalar>(m, 1, small_point, scale_add<Scalar>(small_square, y[3], y[1]),
                     scale_add<Scalar>(small_square, y[2], y[0]));
    put_pair<Scalar>(m, 3, large_point, scale_add<Scalar>(large_square, y[3], y[1]),
                     scale_add<Scalar>(large_square, y[2], y[0]));
    m[5] = y[3];
    return m;
  }
};

/// G w.
struct WeightTransform {
  static constexpr Index from = kernel_edge, to = window_edge;

  template <Real Scalar>
  static Line<Scalar, to> apply(const Line<Scalar, from>& w) {
    const auto even = [&](double weight, double square) {
      return scale_add<Scalar>(weight * square, w[2], scale<Scalar>(weight, w[0]));
    };
    Line<Scalar, to> u;
    u[0] = w[0];
    put_pair<Scalar>(u, 1, small_weight * small_point, w[1], even(small_weight, small_square));
    put_pair<Scalar>(u, 3, large_weight * large_point, w[1], even(large_weight, large_square));
    u[5] = w[2];
    return u;
  }
};

/// G^T u, the adjoint of the weights' transform.
struct WeightGradientTransform {
  static constexpr Index from = window_edge, to = kernel_edge;

  template <Real Scalar>
  static Line<Scalar, to> apply(const Line<Scalar, from>& u) {
    const auto small_even = add(u[1], u[2]), large_even = add(u[3], u[4]);
    const auto large_odd = scale<Scalar>(large_weight * large_point, subtract(u[3], u[4]));
    Line<Scalar, to> w;
    w[0] = scale_add<Scalar>(small_weight, small_even, scale_add<Scalar>(large_weight, large_even, u[0]));
    w[1] = scale_add<Scalar>(small_weight * small_point, subtract(u[1], u[2]), large_odd);
    w[2] = scale_add<Scalar>(small_weight * small_square, small_even,
                             scale_add<Scalar>(large_weight * large_square, large_even, u[5]));
    return w;
  }
};

/// The transform along both axes of the packets load(row, column), which go to store(row, column, packet).
template <class Transform, Real Scalar, class Load, class Store>
[[gnu::always_inline]] inline void transform_both_axes(const Load& load, const Store& store) {
  constexpr Index from = Transform::from, to = Transform::to;
  Line<Scalar, from> half[to];
  for (Index j = 0; j < from; ++j) {
    Line<Scalar, from> column;
    unroll<from>([&](auto i) { column[i] = load(i, j); });
    const auto transformed = Transform::template apply<Scalar>(column);
    unroll<to>([&](auto i) { half[i][j] = transformed[i]; });
  }
  for (Index i = 0; i < to; ++i) {
    const auto row = Transform::template apply<Scalar>(half[i]);
    unroll<to>([&](auto j) { store(i, j, row[j]); });
  }
}

}  // namespace scorefield::detail::winograd
