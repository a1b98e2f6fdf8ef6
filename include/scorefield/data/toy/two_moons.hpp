/// The two-moons toy distribution: two half circles that reach into each other, two modes that are curves.
#pragma once

#include <cmath>
#include <numbers>

#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/detail/checks.hpp"

namespace scorefield {

struct TwoMoonsOptions {
  /// Standard deviation of the normal noise on each coordinate.
  double noise = 0.1;
  Seed seed = 0;
};

/// 2 x `points`: the upper half of the unit circle around (0, 0), or with equal chance the lower half of the one around
/// (1, 0.5), plus normal noise: within [-1, 2] x [-0.5, 1] without noise. The moons are those of scikit-learn's
/// make_moons, but each point chooses its moon for itself. Column j depends on the options and j alone. Throws
/// InvalidArgument for a negative number of points, and for a noise that is negative or not finite.
template <Real Scalar>
Matrix<Scalar> two_moons(Index points, const TwoMoonsOptions& options = {}) {
  detail::check_points("two_moons", 2, points);
  const auto noise = detail::checked_noise<Scalar>("two_moons", options.noise);
  const Random random(options.seed, "two moons");
  Matrix<Scalar> along(1, points), moons(2, points);
  random.uniform(view(along), 0, 0);
  random.normal(view(moons), 0, 1);
  for (Index j = 0; j < points; ++j) {
    const Scalar angle = 2 * std::numbers::pi_v<Scalar> * along(j);
    const bool lower = along(j) > Scalar(0.5);
    moons(0, j) = multiply_add(noise, moons(0, j), std::cos(angle) + (lower ? Scalar(1) : Scalar(0)));
    moons(1, j) = multiply_add(noise, moons(1, j), std::sin(angle) + (lower ? Scalar(0.5) : Scalar(0)));
  }
  return moons;
}

}  // namespace scorefield
