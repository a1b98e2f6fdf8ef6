/// DPM-Solver++ (2S): single steps of order 2 along the probability flow.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/denoised_step.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// A step of Ddim to the middle of each step in lambda, whose denoised sample then leads over the whole of it: order 2
/// by two evaluations a step and none remembered. For guidance so strong that multistep methods overshoot; by the same
/// number of evaluations DpmSolverPlusPlus is better. Lu et al. 2022, arXiv:2211.01095, algorithm 1 with r = 1/2. Steps
/// from or to an infinite signal-to-noise ratio are Ddim's, of one evaluation.
struct DpmSolverPlusPlus2S {
  static constexpr const char* name = "DpmSolverPlusPlus2S";
  static constexpr std::size_t stages = 2, kept = 1;  // where the first half leads
  using Grid = LogSnrGrid;

  Index steps = 10;
  double t_last = 1e-3;        // in (0, 1): where the grid's steps end; see that of DpmSolverPlusPlus
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise

  std::size_t stages_of(const auto& path, Index step) const {
    return std::isfinite(path.lambda(step + 1) - path.lambda(step)) ? 2 : 1;
  }

  template <Sde Equation>
  EvaluationPoint<typename Equation::Scalar> at(const SamplingPath<Equation>& path, Index step,
                                                std::size_t stage) const {
    if (stage == 0) return {path.time(step)};
    return {time_of_half_log_snr(path.sde(), (path.lambda(step) + path.lambda(step + 1)) / 2), 1};
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t stage) const {
    const bool halfway = stage == 0 && stages_of(path, step) == 2;
    const auto to = halfway ? at(path, step, 1).time : path.time(step + 1);
    const DenoisedStep<typename Equation::Scalar> next(path.sde(), path.time(step), to);
    return [next, halfway](const auto& x, const auto& x0, const auto&, const auto&) {
      const auto there = next.moved(x, x0);
      return std::array{halfway ? x : there, there};
    };
  }
};

}  // namespace scorefield
