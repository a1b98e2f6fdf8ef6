/// The adaptive Runge-Kutta method of Dormand and Prince, 5(4), on the probability flow, with steps of each sample's
/// own.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "scorefield/core/dormand_prince_pair.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/rule/flow_slope.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Follows dx/dt, see FlowSlope, from t = 1 to t_last as closely as the tolerances say: where the flow itself is
/// wanted, as a reference or a latent, and not the fewest evaluations. Each sample chooses its steps by its own error,
/// so that a hard one changes no other: see DormandPrincePair. Song et al. 2021, arXiv:2011.13456, appendix D.4, use
/// such a method.
struct DormandPrince {
  double rtol = 1e-4, atol = 1e-4;  // >= 0, one above: a step errs by atol + rtol |x|, a root mean square over rows
  double t_last = 1e-3;             // in (0, 1)
  bool last_denoising = true;       // whether a sample goes on from there to 0, its denoised sample
  Index max_steps = 10'000;         // of six evaluations each, refused ones too

  template <Sde Equation>
  class Rule;

  /// Throws InvalidArgument for members that are out of their ranges.
  template <Sde Equation>
  Rule<Equation> rule(const Equation& sde) const {
    if (!(t_last > 0 && static_cast<typename Equation::Scalar>(t_last) < 1))
      throw InvalidArgument("DormandPrince", "t_last in (0, 1)", text(t_last), "1e-3 is usual");
    if (!(rtol >= 0 && atol >= 0 && std::max(rtol, atol) > 0 && std::isfinite(rtol + atol)) || max_steps < 1)
      throw InvalidArgument("DormandPrince", "finite rtol and atol >= 0, one of them above, and max_steps >= 1",
                            text(rtol, ", ", atol, " and ", max_steps), "1e-4, 1e-4 and 10000 are usual");
    return {*this, sde};
  }
};

template <Sde Equation>
class DormandPrince::Rule : public DormandPrincePair {
 public:
  using Scalar = typename Equation::Scalar;
  static constexpr const char* name = "DormandPrince";
  static constexpr std::size_t stages = 7, kept = 7;  // six slopes, and the point of the next evaluation
  static constexpr Estimate estimate = Estimate::denoised;

  Rule(const DormandPrince& options, Equation sde) : options_(options), sde_(std::move(sde)) {}

  bool draws_noise() const { return false; }
  void begin(Index count) {
    samples_.assign(static_cast<std::size_t>(count), {1, std::min(Scalar(0.01), 1 - t_last())});
  }
  bool rests(Index j) const { return of(j).rests; }
  Scalar time() const {
    Scalar latest = last_denoising() ? Scalar(0) : t_last();
    for (const auto& sample : samples_)
      if (!sample.rests) latest = std::max(latest, sample.t);
    return latest;
  }
  bool done(Index step) const {
    Index on_their_way = 0;
    for (const auto& sample : samples_) on_their_way += !sample.rests;
    if (on_their_way > 0 && step >= options_.max_steps)
      throw InvalidArgument(name, text("every sample at its last time within ", options_.max_steps, " steps"),
                            text(on_their_way, " on their way, the last one at ", time()),
                            "raise max_steps or the tolerances");
    return on_their_way == 0;
  }

  /// The last slope of a step is the first of the next one, which is evaluated once alone.
  std::size_t stages_of(Index step) const { return step == 0 ? 7 : 6; }
  EvaluationPoint<Scalar> at(Index step, std::size_t stage, Index j) const {
    const std::size_t s = slope_of(step, stage);
    return {time_of(of(j), s), s == 0 ? std::size_t{0} : kept};
  }

  template <class Column>
  auto move(Index step, std::size_t stage, const Column& column) {
    auto& sample = samples_[static_cast<std::size_t>(column.index)];
    const std::size_t s = slope_of(step, stage);
    const FlowSlope<Scalar> slope(sde_, time_of(sample, s));
    const bool accepted = s == 6 && !sample.rests && advance(sample, error_of(sample, slope, column));
    const auto next = weights(sample, (s + 1) % 7 == 0 ? 1 : s + 1);
    return [=, denoises = accepted && sample.rests && last_denoising()](const auto& x, const auto& x0,
                                                                        const auto&... others) {
      const std::array before{x, others...};  // the slopes from 1 on, the point, the noise
      const auto here = slope.at(s == 0 ? x : before[kept], x0);
      std::array after{before[0], before[1], before[2], before[3], before[4], before[5], before[6], before[7]};
      if (s < 6) after[s + 1] = here;
      if (accepted) after[0] = denoises ? x0 : before[kept], after[1] = here;
      after[kept] = after[0];
      for (std::size_t k = 0; k < 6; ++k) after[kept] = multiply_add(broadcast(next[k]), after[k + 1], after[kept]);
      return after;
    };
  }

 private:
  struct Sample {
    Scalar t, h;  // it stands at t, and tries to go to t - h
    bool refused = false, rests = false;
  };

  static std::size_t slope_of(Index step, std::size_t stage) { return stage + (step > 0); }
  Scalar t_last() const { return static_cast<Scalar>(options_.t_last); }
  bool last_denoising() const { return options_.last_denoising; }
  const Sample& of(Index j) const { return samples_[static_cast<std::size_t>(j)]; }

  Scalar time_of(const Sample& sample, std::size_t s) const {
    return std::max(t_last(), multiply_add(-static_cast<Scalar>(nodes[s]), sample.h, sample.t));
  }

  /// Of the slopes in the point of slope s; of samples at rest, which stay where they are, none.
  std::array<Scalar, 6> weights(const Sample& sample, std::size_t s) const {
    return sample.rests ? std::array<Scalar, 6>{} : shares(s, -sample.h);
  }

  /// The error of a step in units of what is tolerated.
  template <class Column>
  double error_of(const Sample& sample, const FlowSlope<Scalar>& slope, const Column& column) const {
    const auto& k = column.kept;
    return error(
        sample.h, options_.rtol, options_.atol, column.size, column.x, k[6], {k[0], k[1], k[2], k[3], k[4], k[5]},
        [&slope](const auto& point, const auto& x0) { return slope.at(point, x0); }, column.estimate);
  }

  /// Takes the step unless it errs too much, and chooses the next one. One that is not finite is taken, to be found.
  bool advance(Sample& sample, double error) const {
    const AdaptiveStep step(error, sample.refused);
    const bool last = time_of(sample, 6) <= t_last() || !std::isfinite(error);
    if (step.accepted) {
      sample.t = time_of(sample, 6);
      sample.rests = last;
    }
    sample.refused = !step.accepted;
    if (!sample.rests) sample.h = std::min(sample.h * static_cast<Scalar>(step.factor), sample.t - t_last());
    return step.accepted;
  }

  DormandPrince options_;
  Equation sde_;
  std::vector<Sample> samples_;
};

}  // namespace scorefield
