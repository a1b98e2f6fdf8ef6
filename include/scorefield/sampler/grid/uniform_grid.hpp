/// The grid of equidistant times.
#pragma once

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/detail/grid_steps.hpp"

namespace scorefield {

/// steps + 1 times from 1 down to 0, both included, equidistant; where t_last is above 0, equidistant from 1 to t_last,
/// and then 0. Throws InvalidArgument, naming the operation, unless steps is in [1, 2^48) and t_last in [0, 1).
template <Real Scalar>
Vector<Scalar> uniform_time_grid(const char* operation, Index steps, double t_last = 0) {
  detail::check_grid_steps(operation, steps, "1000 is usual");
  const auto last = static_cast<Scalar>(t_last);
  if (!(last >= 0 && last < 1))
    throw InvalidArgument(operation, "t_last in [0, 1)", text(last), "0 is usual, or for images up to 0.05");
  const Index intervals = last > 0 ? steps - 1 : steps;  // from 1 to t_last
  Vector<Scalar> times(steps + 1);
  times(steps) = 0;
  times(0) = 1;
  for (Index i = 1; i <= intervals; ++i)
    times(i) = multiply_add(1 - last, static_cast<Scalar>(intervals - i) / static_cast<Scalar>(intervals), last);
  return times;
}

}  // namespace scorefield
