/// The probability flow by Euler's, Heun's and the midpoint method, in the equation's own time.
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/flow_slope.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"

namespace scorefield {

/// Explicit Runge-Kutta methods, of one and of two stages.
enum class FlowScheme { euler, heun, midpoint };

/// Steps along dx/dt, see FlowSlope: of order 1 by one evaluation, or of order 2 by two. Euler's is how models of
/// rectified flow are sampled; on EDM's equation with KarrasGrid these are k-diffusion's euler and heun; on
/// variance-preserving equations Ddim and DpmSolverPlusPlus need fewer evaluations. A step to t = 0 leads to the
/// denoised sample, by one evaluation. Song et al. 2021, arXiv:2011.13456, equation 13; Karras et al. 2022,
/// arXiv:2206.00364, algorithm 1 for Heun's; both methods of two stages are of one family (Butcher 2016, "Numerical
/// Methods for Ordinary Differential Equations").
struct ProbabilityFlow {
  static constexpr const char* name = "ProbabilityFlow";
  static constexpr std::size_t stages = 2, kept = 2;  // the first slope, and the point of the second
  using Grid = UniformGrid;

  Index steps = 50;
  FlowScheme scheme = FlowScheme::euler;
  double t_last = 0;           // in [0, 1): where the grid's steps end, above 0 on grids in the log-SNR
  bool last_denoising = true;  // where t_last is above 0: whether the last step goes from there to 0

  std::size_t stages_of(const auto& path, Index step) const {
    return scheme == FlowScheme::euler || path.denoises(step) ? 1 : 2;
  }

  template <Sde Equation>
  EvaluationPoint<typename Equation::Scalar> at(const SamplingPath<Equation>& path, Index step,
                                                std::size_t stage) const {
    if (stage == 0) return {path.time(step)};
    return {scheme == FlowScheme::heun ? path.time(step + 1) : (path.time(step) + path.time(step + 1)) / 2, 2};
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t stage) const {
    using Scalar = typename Equation::Scalar;
    const Scalar h = path.time(step + 1) - path.time(step);
    const Scalar part = scheme == FlowScheme::midpoint ? Scalar(0.5) : Scalar(1);  // of h, to the second stage
    const Scalar second = stage == 0 ? 0 : h / (2 * part);                         // the weight of its slope
    return [slope = FlowSlope<Scalar>(path.sde(), at(path, step, stage).time), ahead = broadcast(part * h),
            first = broadcast(h - second), second = broadcast(second), stage, ends = stages_of(path, step) == stage + 1,
            denoises = path.denoises(step)](const auto& x, const auto& x0, const auto& slope1, const auto& point,
                                            const auto&) {
      const auto here = slope.at(stage == 0 ? x : point, x0);
      if (stage == 1) return std::array{multiply_add(second, here, multiply_add(first, slope1, x)), slope1, point};
      const auto there = denoises ? x0 : multiply_add(ahead, here, x);
      return std::array{ends ? there : x, here, there};
    };
  }
};

}  // namespace scorefield
