/// The embedded Runge-Kutta pair of Dormand and Prince, 5(4): its coefficients, the error of a step, and the length of
/// the next one.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Slope s of a step is evaluated after nodes[s] of it, at x and the slopes before it times row s of the tableau; the
/// last row is where the step leads, so that its slope is the first of the next step, and `errors` are the slopes'
/// shares in the step's error. Dormand and Prince 1980, J. Comput. Appl. Math. 6, table 2.
struct DormandPrincePair {
  static constexpr std::array<double, 7> nodes{0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1, 1};
  static constexpr std::array<std::array<double, 6>, 7> tableau{
      {{},
       {1.0 / 5},
       {3.0 / 40, 9.0 / 40},
       {44.0 / 45, -56.0 / 15, 32.0 / 9},
       {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
       {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
       {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}}};
  static constexpr std::array<double, 7> errors{71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                                -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

  /// What a step of length h takes of each slope on the way to the point of slope s.
  template <Real Scalar>
  static std::array<Scalar, 6> shares(std::size_t s, Scalar h) {
    std::array<Scalar, 6> of;
    for (std::size_t k = 0; k < 6; ++k) of[k] = h * static_cast<Scalar>(tableau[s][k]);
    return of;
  }

  /// The error of a step of length h from `before` to `after` in units of atol + rtol |x|: a root mean square over
  /// `size` numbers. slopes: the six first ones; the seventh is last_slope(after, given), by packets.
  template <Real Scalar, class LastSlope>
  static double error(Scalar h, double rtol, double atol, Index size, const Scalar* before, const Scalar* after,
                      const std::array<const Scalar*, 6>& slopes, const LastSlope& last_slope, const Scalar* given) {
    std::array<Scalar, 7> shares;
    for (std::size_t k = 0; k < 7; ++k) shares[k] = h * static_cast<Scalar>(errors[k]);
    const auto absolute = broadcast(static_cast<Scalar>(atol)), relative = broadcast(static_cast<Scalar>(rtol));
    const auto square = [&](const auto& x, const auto& of_last, const auto& point, const auto&... first) {
      auto sum = multiply(broadcast(shares[6]), last_slope(point, of_last));
      std::size_t k = 0;
      ((sum = multiply_add(broadcast(shares[k++]), first, sum)), ...);
      // What is tolerated is above 0 where the numbers are, but for a zero that stays one.
      const auto tolerated = multiply_add(relative, larger(magnitude(x), magnitude(point)), absolute);
      const auto ratio = divide(sum, larger(tolerated, broadcast(std::numeric_limits<Scalar>::min())));
      return multiply(ratio, ratio);
    };
    const auto& k = slopes;
    const Scalar sum = sum_of(size, square, before, given, after, k[0], k[1], k[2], k[3], k[4], k[5]);
    return std::sqrt(static_cast<double>(sum) / static_cast<double>(size));
  }
};

/// What becomes of a step whose error is `error` in units of what is tolerated, where the try before it was refused or
/// not: whether it is taken, and the length of the next one as a multiple of its own. One that is not a number is
/// taken, to be found. Hairer, Norsett and Wanner 1993, section II.4.
struct AdaptiveStep {
  bool accepted;
  double factor;

  AdaptiveStep(double error, bool refused)
      : accepted(!(error > 1)), factor(std::clamp(0.9 * std::pow(error, -0.2), 0.2, refused ? 1.0 : 5.0)) {}
};

}  // namespace scorefield
