/// DPM-Solver++ (2M), of the probability flow and of the reverse equation.
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/denoised_step.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sampler/stochasticity.hpp"

namespace scorefield {

/// Along the probability flow like Ddim, the denoised sample being extrapolated to the middle of the step from this
/// step's and the one before: as many evaluations of the model, order 2. The first choice for few steps; good pictures
/// from 10 to 20. DPM-Solver++(2M) of Lu et al. 2022, arXiv:2211.01095, algorithm 2, on LogSnrGrid. The first step,
/// which has none before, and a last denoising one do not extrapolate; nor, as in the authors' first program, does any
/// other last step of fewer than 15, because it is long and leads to hardly any noise. With stochasticity 1 it is the
/// authors' SDE-DPM-Solver++(2M); for any, of weak order 2 where the score is linear.
struct DpmSolverPlusPlus {
  static constexpr const char* name = "DpmSolverPlusPlus";
  static constexpr std::size_t kept = 1;  // the denoised sample of the step before
  using Grid = LogSnrGrid;

  Index steps = 20;  // evaluations of the model
  /// In (0, 1): where the grid's steps end. A last denoising step from there goes on to E[x(0) | x(t_last)], which
  /// varies less than x(0): by alpha s / sqrt(alpha^2 s^2 + sigma^2) for normal data of deviation s, 0.89 for 0.02.
  double t_last = 1e-3;
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise
  double stochasticity = 0;    // >= 0, see sampler/stochasticity.hpp: 0 is the probability flow

  bool draws_noise() const { return stochasticity > 0; }

  /// Throws InvalidArgument unless stochasticity is finite and >= 0, and 0 on rising times.
  template <Sde Equation>
  void check(const SamplingPath<Equation>& path) const {
    detail::check_stochasticity(name, stochasticity, path.rises());
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t) const {
    using Scalar = typename Equation::Scalar;
    const DenoisedStep<Scalar> next(path.sde(), path.time(step), path.time(step + 1), stochasticity);
    const auto share = static_cast<Scalar>(extrapolation(path, step));
    return [next, now = broadcast(1 + share), before = broadcast(-share)](const auto& x, const auto& x0,
                                                                          const auto& previous, const auto& noise) {
      return std::array{next.moved(x, multiply_add(now, x0, multiply(before, previous)), noise), x0};
    };
  }

 private:
  /// How far the denoised sample of the middle of a step is beyond its own, in units of the difference to the one
  /// before: h / (2 h before).
  template <Sde Equation>
  static double extrapolation(const SamplingPath<Equation>& path, Index step) {
    constexpr Index few_steps = 15;
    if (path.remembered(step, 1) == 0 || (step + 1 == path.steps() && path.steps() < few_steps)) return 0;
    return (path.lambda(step + 1) - path.lambda(step)) / (2 * (path.lambda(step) - path.lambda(step - 1)));
  }
};

}  // namespace scorefield
