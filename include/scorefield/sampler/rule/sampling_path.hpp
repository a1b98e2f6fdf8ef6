/// The path of samples through an equation: its times and noise levels, as methods on a grid are told them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// An equation and the times at which samples stop on their way through it.
template <Sde Equation>
class SamplingPath {
 public:
  using Scalar = typename Equation::Scalar;

  /// Two or more times in [0, 1], falling, or rising from above 0 on. Throws InvalidArgument, naming the operation, for
  /// others.
  SamplingPath(const char* operation, Equation sde, Vector<Scalar> times)
      : sde_(std::move(sde)), times_(std::move(times)) {
    const Index last = steps();
    const auto refuse = [&](const std::string& got) {
      throw InvalidArgument(operation, "two or more times in [0, 1], falling, or rising from above 0 on", got,
                            "time_grid makes some");
    };
    if (last < 1) refuse(last < 0 ? "none" : "one");
    const bool down = times_(0) > times_(1);
    for (Index i = 0; i < last; ++i)
      if (!(down ? times_(i) > times_(i + 1) : times_(i) < times_(i + 1)))
        refuse(text(times_(i), " and then ", times_(i + 1)));
    if (!(std::min(times_(0), times_(last)) >= 0 && std::max(times_(0), times_(last)) <= 1) || times_(0) == 0)
      refuse(text(last + 1, " from ", times_(0), " to ", times_(last)));
  }

  const Equation& sde() const { return sde_; }
  const Vector<Scalar>& times() const { return times_; }
  Index steps() const { return times_.size() - 1; }
  Scalar time(Index i) const { return times_(i); }
  Scalar signal(Index i) const { return sde_.signal(times_(i)); }
  Scalar deviation(Index i) const { return sde_.deviation(times_(i)); }
  double lambda(Index i) const { return half_log_snr(sde_, times_(i)); }

  /// Whether samples go from data to noise.
  bool rises() const { return times_(0) < times_(1); }
  /// Whether a step leads to t = 0.
  bool denoises(Index step) const { return times_(step + 1) == 0; }

  /// Whether the signal-to-noise ratio changes in a step, from and to finite ones, so that polynomials in lambda can be
  /// integrated over it.
  bool changes_finitely(Index step) const {
    const double h = lambda(step + 1) - lambda(step);
    return std::isfinite(h) && h != 0;
  }

  /// How many steps before this one a multistep method may look back upon, up to `most`: none from or to an infinite
  /// signal-to-noise ratio, and only those between which it changes.
  Index remembered(Index step, Index most) const {
    if (!changes_finitely(step)) return 0;
    Index count = 0;
    while (count < most && count < step && std::isfinite(lambda(step - count - 1)) &&
           lambda(step - count - 1) != lambda(step - count))
      ++count;
    return count;
  }

 private:
  Equation sde_;
  Vector<Scalar> times_;
};

}  // namespace scorefield
