/// Time grids: where the steps of a sampler lie between noise and data.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// A way to place times between two of them, 1 >= from > to >= 0:
///   reaches_zero                  a constant: whether `to` may be 0, where the signal-to-noise ratio is infinite. It
///   is
///                                 false of grids in that ratio, for which signal is left at `from` too
///   time(sde, from, to, i, n)     time i of n equal steps in the grid's own measure, for i in (0, n)
template <class G, class Equation>
concept TimeGrid = Sde<Equation> && std::copy_constructible<G> &&
    requires(const G& grid, const Equation& sde, typename Equation::Scalar time, Index i) {
  { G::reaches_zero } -> std::convertible_to<bool>;
  { grid.time(sde, time, time, i, i) } -> std::same_as<typename Equation::Scalar>;
};

/// How many steps a grid has, and where its own ones end.
struct GridEnds {
  Index steps;                 // >= 1: evaluations of the model for most methods
  double t_last;               // in [0, 1), above 0 for grids in the signal-to-noise ratio
  bool last_denoising = true;  // where t_last is above 0: whether the last of the steps goes from there to 0
};

/// The steps + 1 times of a grid from 1 down to t_last, and from there to 0 where the last step denoises. Where no
/// signal is left at t = 1 a grid in the signal-to-noise ratio begins with a step to 1 - t_last, at which there is
/// some. Throws InvalidArgument, naming the operation, for ends out of their ranges and for steps that do not change
/// the time or, on grids in the signal-to-noise ratio, that ratio.
template <Sde Equation, TimeGrid<Equation> Grid>
Vector<typename Equation::Scalar> time_grid(const char* operation, const Grid& grid, const Equation& sde,
                                            const GridEnds& ends) {
  using Scalar = typename Equation::Scalar;
  const auto t_last = static_cast<Scalar>(ends.t_last);
  const char* hint = "10 to 50 are usual, and 1000 for Euler-Maruyama";
  if (ends.steps < 1) throw InvalidArgument(operation, "at least 1 step", text(ends.steps), hint);
  if (ends.steps >= most_steps_of_a_run)  // times for them, and numbers for their noise
    throw InvalidArgument(operation, text("fewer than ", most_steps_of_a_run, " steps"), text(ends.steps), hint);
  if (!(t_last >= 0 && t_last < 1) || (t_last == 0 && !Grid::reaches_zero))
    throw InvalidArgument(operation, Grid::reaches_zero ? "t_last in [0, 1)" : "t_last in (0, 1)", text(t_last),
                          "1e-3 is usual");

  Index n = ends.last_denoising && t_last > 0 ? ends.steps - 1 : ends.steps;  // from 1 to t_last
  Vector<Scalar> times = Vector<Scalar>::Zero(ends.steps + 1);
  times(0) = 1;
  Index begun = 0;
  if (!Grid::reaches_zero && n > 1 && !std::isfinite(half_log_snr(sde, Scalar(1)))) {
    times(1) = 1 - std::min(t_last, (1 - t_last) / 2);
    begun = 1;
  }
  n -= begun;
  for (Index i = 1; i <= n; ++i) times(begun + i) = i == n ? t_last : grid.time(sde, times(begun), t_last, i, n);
  for (Index i = 1; i <= begun + n; ++i)
    if (!(times(i) < times(i - 1)) ||
        (!Grid::reaches_zero && !(half_log_snr(sde, times(i)) > half_log_snr(sde, times(i - 1)))))
      throw InvalidArgument(operation, "steps that change the signal-to-noise ratio",
                            text("times ", times(i - 1), " and ", times(i), " without a difference"),
                            "take fewer steps, or an equation whose noise never pauses");
  return times;
}

}  // namespace scorefield
