/// The grid of times that are equidistant in the logarithm of the signal-to-noise ratio.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/detail/grid_steps.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// How many steps of log_snr_time_grid, and where they end.
struct LogSnrGrid {
  Index steps;          // evaluations of the score
  double t_last;        // in (0, 1)
  bool last_denoising;  // whether the last step goes from t_last to 0
};

/// steps + 1 times from 1 down to t_last, equidistant in half_log_snr: each step removes the same share of the noise,
/// as suits few steps. Lu et al. 2022, arXiv:2206.00927, "step size schedule". With last_denoising the last
/// of the steps goes on to 0. Throws InvalidArgument, naming the operation, unless steps >= 1, t_last is in (0, 1), and
/// the ratio at t = 1 is above 0 and differs between all times.
template <Sde Equation>
Vector<typename Equation::Scalar> log_snr_time_grid(const char* operation, const Equation& sde,
                                                    const LogSnrGrid& grid) {
  using Scalar = typename Equation::Scalar;
  const auto t_last = static_cast<Scalar>(grid.t_last);
  detail::check_grid_steps(operation, grid.steps, "20 to 50 are usual");
  if (!(t_last > 0 && t_last < 1)) throw InvalidArgument(operation, "t_last in (0, 1)", text(t_last), "1e-3 is usual");
  const double first = half_log_snr(sde, Scalar(1)), last = half_log_snr(sde, t_last);
  if (!std::isfinite(first))
    throw InvalidArgument(operation, "an equation with some signal and some noise at t = 1",
                          text(sde.signal(1), " and ", sde.deviation(1)), "end its schedule a little earlier");

  const Index intervals = grid.last_denoising ? grid.steps - 1 : grid.steps;  // from 1 to t_last
  Vector<Scalar> times(grid.steps + 1);
  times(grid.steps) = 0;
  times(0) = 1;
  for (Index i = 1; i <= intervals; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(intervals);
    times(i) = i == intervals ? t_last : time_of_half_log_snr(sde, multiply_add(share, last - first, first));
    if (!(half_log_snr(sde, times(i)) > half_log_snr(sde, times(i - 1))))
      throw InvalidArgument(operation, "steps that change the signal-to-noise ratio",
                            text("times ", times(i - 1), " and ", times(i), " without a difference"),
                            "take fewer steps, or an equation whose noise never pauses");
  }
  return times;
}

}  // namespace scorefield
