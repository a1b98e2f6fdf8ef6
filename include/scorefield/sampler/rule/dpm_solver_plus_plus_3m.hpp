/// DPM-Solver++ (3M): multistep of order 3, of the probability flow and of the reverse equation.
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/denoised_step.hpp"
#include "scorefield/sampler/rule/detail/multistep.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sampler/stochasticity.hpp"

namespace scorefield {

/// As DpmSolverPlusPlus, the denoised sample of the step being that of the parabola through this one and the two
/// before: order 3. For 20 evaluations and more of a good model, without guidance. Lu et al. 2022, arXiv:2211.01095,
/// by the exact integral of the parabola; with stochasticity, k-diffusion's 3M SDE. The public codes
/// (DPM-Solver, diffusers, k-diffusion) count the parabola's second derivative half, which makes theirs of order 2.
struct DpmSolverPlusPlus3M {
  static constexpr const char* name = "DpmSolverPlusPlus3M";
  static constexpr std::size_t kept = 2;  // the denoised samples of the two steps before
  using Grid = LogSnrGrid;

  Index steps = 20;            // evaluations of the model
  double t_last = 1e-3;        // in (0, 1): where the grid's steps end; see that of DpmSolverPlusPlus
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
    const Index before = path.remembered(step, 2);
    const double h = (1 + stochasticity) * (path.lambda(step + 1) - path.lambda(step));
    const auto of = detail::shares_of(detail::places_before(path, step, before), static_cast<std::size_t>(before) + 1,
                                      detail::denoised_integrals(h));
    return [next = DenoisedStep<Scalar>(path.sde(), path.time(step), path.time(step + 1), stochasticity),
            now = broadcast(static_cast<Scalar>(of[0])), last = broadcast(static_cast<Scalar>(of[1])),
            older = broadcast(static_cast<Scalar>(of[2]))](const auto& x, const auto& x0, const auto& x1,
                                                           const auto& x2, const auto& noise) {
      const auto mean = multiply_add(older, x2, multiply_add(last, x1, multiply(now, x0)));
      return std::array{next.moved(x, mean, noise), x0, x1};
    };
  }
};

}  // namespace scorefield
