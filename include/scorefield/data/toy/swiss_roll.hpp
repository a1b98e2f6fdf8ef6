/// The Swiss roll toy distribution, a spiral in the plane: the first that models of this kind are tried on.
#pragma once

#include <cmath>
#include <numbers>

#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/detail/checks.hpp"

namespace scorefield {

struct SwissRollOptions {
  /// Standard deviation of the normal noise on each coordinate, before the division by 10.
  double noise = 1;
  Seed seed = 0;
};

/// 2 x `points`: ((t cos t, t sin t) + noise) / 10 with t = 1.5 pi (1 + 2 u), u uniform in (0, 1], so that without
/// noise the radius runs from 0.47 to 1.41. It is what scikit-learn's make_swiss_roll gives on axes 0 and 2, over 10.
/// Column j depends on the options and j alone. Throws InvalidArgument for a negative number of points, and for a noise
/// that is negative or not finite.
template <Real Scalar>
Matrix<Scalar> swiss_roll(Index points, const SwissRollOptions& options = {}) {
  detail::check_points("swiss_roll", 2, points);
  const auto noise = detail::checked_noise<Scalar>("swiss_roll", options.noise);
  const Random random(options.seed, "swiss roll");
  Matrix<Scalar> along(1, points), roll(2, points);
  random.uniform(view(along), 0, 0);
  random.normal(view(roll), 0, 1);
  for (Index j = 0; j < points; ++j) {
    const Scalar t = Scalar(1.5) * std::numbers::pi_v<Scalar> * multiply_add(Scalar(2), along(j), Scalar(1));
    roll(0, j) = multiply_add(noise, roll(0, j), t * std::cos(t)) / 10;
    roll(1, j) = multiply_add(noise, roll(1, j), t * std::sin(t)) / 10;
  }
  return roll;
}

}  // namespace scorefield
