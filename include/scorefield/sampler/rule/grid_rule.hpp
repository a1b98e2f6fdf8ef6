/// GridRule: the base class of sampling rules that evaluate the model once a step, on a grid of times.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Samples are evaluated where they stand. A rule that derives from it has `name` and `move`, and redeclares what
/// differs.
template <Sde Equation>
class GridRule {
 public:
  using Scalar = typename Equation::Scalar;
  static constexpr std::size_t stages = 1, kept = 0;
  static constexpr Estimate estimate = Estimate::denoised;

  /// The times of sde that the samples go through: two or more in [0, 1], falling, or rising from above 0 on. Throws
  /// InvalidArgument for others.
  GridRule(Equation sde, Vector<Scalar> times) : sde_(std::move(sde)), times_(std::move(times)) {
    const Index last = times_.size() - 1;
    bool falls = true, rises = true;
    for (Index i = 0; i < last; ++i) falls &= times_(i) > times_(i + 1), rises &= times_(i) < times_(i + 1);
    if (last < 1 || !(falls || rises) || !(std::min(times_(0), times_(last)) >= 0) || times_(0) == 0 ||
        !(std::max(times_(0), times_(last)) <= 1))
      throw InvalidArgument("GridRule", "two or more times in [0, 1], falling, or rising from above 0 on",
                            last < 0 ? std::string("none") : text(last + 1, " from ", times_(0), " to ", times_(last)),
                            "log_snr_time_grid and uniform_time_grid make some");
  }

  const Equation& sde() const { return sde_; }
  const Vector<Scalar>& times() const { return times_; }
  bool draws_noise() const { return false; }
  /// Whether samples go from data to noise.
  bool rises() const { return times_(0) < times_(1); }
  EvaluationPoint<Scalar> at(Index step, std::size_t) const { return {times_(step)}; }

 private:
  Equation sde_;
  Vector<Scalar> times_;
};

}  // namespace scorefield
