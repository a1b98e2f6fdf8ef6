/// Which columns of conditions are given: the one place that knows how "not given" is written.
#pragma once

#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// The first column (of k x n) that is neither given, all of it finite, nor not given, all of it NaN; n if there is
/// none.
template <class Derived>
Index first_half_given(const Eigen::MatrixBase<Derived>& conditions) {
  Index j = 0;
  while (j < conditions.cols() && (conditions.col(j).allFinite() || conditions.col(j).array().isNaN().all())) ++j;
  return j;
}

}  // namespace scorefield::detail
