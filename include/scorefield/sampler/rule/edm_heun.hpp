/// EDM's stochastic sampler: Heun's method with churn.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid/karras_grid.hpp"
#include "scorefield/sampler/rule/flow_slope.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// Heun's steps along the probability flow, before each of which noise is added as if x stood at a noisier time, which
/// mends what earlier steps got wrong: order 2 by two evaluations a step, on EDM's equation above all. Without churn
/// it is ProbabilityFlow by Heun on KarrasGrid. Karras et al. 2022, arXiv:2206.00364, algorithm 2, with sigma / alpha
/// for their sigma, and no noisier time than t = 1, so that the first step has no churn.
struct EdmHeun {
  static constexpr const char* name = "EdmHeun";
  static constexpr std::size_t stages = 2, kept = 3;  // x with its added noise, the first slope, the second's point
  using Grid = KarrasGrid;

  Index steps = 18;
  double s_churn = 0;                                      // >= 0: 10 to 80 where the model is not exact
  double s_min = 0;                                        // noise is added where sigma / alpha is from here ...
  double s_max = std::numeric_limits<double>::infinity();  // ... to here
  double s_noise = 1;                                      // its deviation: 1.003 to 1.007 against lost detail
  double t_last = 1e-3;                                    // in (0, 1): where the grid's steps end
  bool last_denoising = true;                              // whether the last step goes from there to 0

  bool draws_noise() const { return s_churn > 0; }
  bool draws_noise(std::size_t stage) const { return stage == 1 && draws_noise(); }
  std::size_t stages_of(const auto& path, Index step) const { return path.denoises(step) ? 1 : 2; }

  /// Throws InvalidArgument unless s_churn and s_noise are finite and >= 0, s_min <= s_max, and s_churn 0 on rising
  /// times.
  void check(const auto& path) const {
    if (!(s_churn >= 0 && std::isfinite(s_churn) && s_noise >= 0 && std::isfinite(s_noise)))
      throw InvalidArgument(name, "finite s_churn and s_noise >= 0", text(s_churn, " and ", s_noise),
                            "0 and 1 follow the probability flow");
    if (!(s_min <= s_max))
      throw InvalidArgument(name, "s_min <= s_max", text(s_min, " and ", s_max), "0 and infinity add noise everywhere");
    if (path.rises() && s_churn > 0)
      throw InvalidArgument(name, "s_churn 0 on rising times", text(s_churn),
                            "the probability flow alone goes both ways");
  }

  template <Sde Equation>
  EvaluationPoint<typename Equation::Scalar> at(const SamplingPath<Equation>& path, Index step,
                                                std::size_t stage) const {
    if (stage == 1) return {path.time(step + 1), 3};
    return {noisier(path, step), step == 0 ? std::size_t{0} : std::size_t{1}};
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t stage) const {
    using Scalar = typename Equation::Scalar;
    const Scalar h = path.time(step + 1) - noisier(path, step);
    const auto [keep, shake] = stage == 1 ? churn(path, step + 1) : std::array{Scalar(1), Scalar(0)};
    return [slope = FlowSlope<Scalar>(path.sde(), at(path, step, stage).time), h = broadcast(h),
            half = broadcast(h / 2), keep = broadcast(keep), shake = broadcast(shake), first = step == 0, stage,
            denoises = path.denoises(step)](const auto& x, const auto& x0, const auto& churned, const auto& slope1,
                                            const auto& point, const auto& noise) {
      if (stage == 0) {
        const auto from = first ? x : churned, here = slope.at(from, x0);
        return std::array{denoises ? x0 : x, from, here, multiply_add(h, here, from)};
      }
      const auto to = multiply_add(half, add(slope1, slope.at(point, x0)), churned);
      return std::array{to, multiply_add(shake, noise, multiply(keep, to)), slope1, point};
    };
  }

 private:
  /// The time to which noise is added before a step.
  template <Sde Equation>
  typename Equation::Scalar noisier(const SamplingPath<Equation>& path, Index step) const {
    const double lambda = path.lambda(step), level = std::exp(-lambda);
    if (!(s_churn > 0) || step == 0 || step == path.steps() || !(level >= s_min && level <= s_max))
      return path.time(step);
    const double gamma = std::min(s_churn / static_cast<double>(path.steps()), std::sqrt(2.0) - 1);
    return time_of_half_log_snr(path.sde(), std::max(path.lambda(0), lambda - std::log1p(gamma)));
  }

  /// What adding it makes of x, and how much noise it is.
  template <Sde Equation>
  std::array<typename Equation::Scalar, 2> churn(const SamplingPath<Equation>& path, Index step) const {
    using Scalar = typename Equation::Scalar;
    const Scalar t = noisier(path, step);
    if (t == path.time(step)) return {1, 0};
    const Scalar alpha = path.sde().signal(t), sigma = path.sde().deviation(t);
    // So little noise that times round to the wrong side of each other is none.
    const double lost = std::min(0.0, 2 * (half_log_snr(path.sde(), t) - path.lambda(step)));
    return {alpha / path.signal(step), static_cast<Scalar>(s_noise * std::sqrt(-std::expm1(lost))) * sigma};
  }
};

}  // namespace scorefield
