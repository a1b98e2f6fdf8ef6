/// What rules of one evaluation a step on a grid of times have in common.
#pragma once

#include <cstddef>
#include <utility>

#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Samples are evaluated where they stand. A rule that derives from it has `name` and `move`, and says otherwise what
/// is otherwise.
template <Sde Equation>
class GridRule {
 public:
  using Scalar = typename Equation::Scalar;
  static constexpr std::size_t stages = 1, kept = 0;
  static constexpr Estimate estimate = Estimate::denoised;

  /// The times of sde that the samples go through: two or more, rising or falling.
  GridRule(Equation sde, Vector<Scalar> times) : sde_(std::move(sde)), times_(std::move(times)) {}

  const Equation& sde() const { return sde_; }
  const Vector<Scalar>& times() const { return times_; }
  bool draws_noise() const { return false; }
  EvaluationPoint<Scalar> at(Index step, std::size_t) const { return {times_(step)}; }

 private:
  Equation sde_;
  Vector<Scalar> times_;
};

}  // namespace scorefield
