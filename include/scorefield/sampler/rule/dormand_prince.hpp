/// The adaptive Runge-Kutta method of Dormand and Prince, 5(4), on the probability flow, with steps of each sample's
/// own.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/rule/flow_slope.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Follows dx/dt, see FlowSlope, from t = 1 to t_last as closely as the tolerances say: where the flow itself is
/// wanted, as a reference or a latent, and not the fewest evaluations. Each sample chooses its steps by its own error,
/// so that a hard one changes no other. Dormand and Prince 1980, J. Comput. Appl. Math. 6, table 2; error and steps as
/// in Hairer, Norsett and Wanner 1993, section II.4; Song et al. 2021, arXiv:2011.13456, appendix D.4, use such a
/// method.
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
class DormandPrince::Rule {
 public:
  using Scalar = typename Equation::Scalar;
  static constexpr const char* name = "DormandPrince";
  static constexpr std::size_t stages = 7, kept = 7;  // six slopes, and the point of the next evaluation
  static constexpr Estimate estimate = Estimate::denoised;

  /// The method's coefficients, by which slope s is evaluated after nodes[s] of the step, at x and the slopes before it
  /// times row s of the tableau; the last row is where the step leads, and `errors` are the slopes' shares in its
  /// error.
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
    const bool accepted = s == 6 && !sample.rests && advance(sample, error(sample, slope, column));
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
    std::array<Scalar, 6> of{};
    if (sample.rests) return of;
    for (std::size_t k = 0; k < 6; ++k) of[k] = -sample.h * static_cast<Scalar>(tableau[s][k]);
    return of;
  }

  /// The error of a step in units of what is tolerated.
  template <class Column>
  double error(const Sample& sample, const FlowSlope<Scalar>& slope, const Column& column) const {
    std::array<Scalar, 7> shares;
    for (std::size_t k = 0; k < 7; ++k) shares[k] = sample.h * static_cast<Scalar>(errors[k]);
    const auto absolute = broadcast(static_cast<Scalar>(options_.atol));
    const auto relative = broadcast(static_cast<Scalar>(options_.rtol));
    const auto square = [&](const auto& x, const auto& x0, const auto& point, const auto&... slopes) {
      auto sum = multiply(broadcast(shares[6]), slope.at(point, x0));
      std::size_t k = 0;
      ((sum = multiply_add(broadcast(shares[k++]), slopes, sum)), ...);
      // What is tolerated is above 0 where the numbers are, but for a zero that stays one.
      const auto tolerated = multiply_add(relative, larger(magnitude(x), magnitude(point)), absolute);
      const auto ratio = divide(sum, larger(tolerated, broadcast(std::numeric_limits<Scalar>::min())));
      return multiply(ratio, ratio);
    };
    const auto& k = column.kept;
    const Scalar sum = sum_of(column.size, square, column.x, column.estimate, k[6], k[0], k[1], k[2], k[3], k[4], k[5]);
    return std::sqrt(static_cast<double>(sum) / static_cast<double>(column.size));
  }

  /// Takes the step unless it errs too much, and chooses the next one. One that is not finite is taken, to be found.
  bool advance(Sample& sample, double error) const {
    const bool accepted = !(error > 1);
    const bool last = time_of(sample, 6) <= t_last() || !std::isfinite(error);
    if (accepted) {
      sample.t = time_of(sample, 6);
      sample.rests = last;
    }
    const double factor = std::clamp(0.9 * std::pow(error, -0.2), 0.2, sample.refused ? 1.0 : 5.0);
    sample.refused = !accepted;
    if (!sample.rests) sample.h = std::min(sample.h * static_cast<Scalar>(factor), sample.t - t_last());
    return accepted;
  }

  DormandPrince options_;
  Equation sde_;
  std::vector<Sample> samples_;
};

}  // namespace scorefield
