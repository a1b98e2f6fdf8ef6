/// DEIS: exponential Adams-Bashforth in the noise (the diffusion exponential integrator sampler).
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/detail/multistep.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"

namespace scorefield {

/// Along the probability flow with the noise in x extrapolated by a polynomial in lambda through this step's and those
/// before, of order `order`: order 1 is Ddim. For 10 evaluations and more of models that predict noise; where noises
/// are large beside the data (at strong guidance, or at the end) DpmSolverPlusPlus is steadier. Zhang and Chen 2023,
/// arXiv:2204.13902 (rhoAB-DEIS), with the polynomial in log rho, as diffusers has it.
struct Deis {
  static constexpr const char* name = "Deis";
  static constexpr std::size_t kept = 2;  // the noises of the two steps before
  using Grid = LogSnrGrid;

  Index steps = 15;            // evaluations of the model
  Index order = 3;             // 1 to 3
  double t_last = 1e-3;        // in (0, 1): where the grid's steps end; see that of DpmSolverPlusPlus
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise

  /// Throws InvalidArgument unless order is 1, 2 or 3.
  void check(const auto&) const {
    if (order < 1 || order > 3) throw InvalidArgument(name, "order 1, 2 or 3", text(order), "3 is usual");
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t) const {
    using Scalar = typename Equation::Scalar;
    const Index before = path.remembered(step, order - 1);
    const auto of = detail::shares_of(detail::places_before(path, step, before), static_cast<std::size_t>(before) + 1,
                                      detail::noise_integrals(path.lambda(step + 1) - path.lambda(step)));
    const Scalar alpha = path.signal(step), sigma = path.deviation(step);
    const Scalar next_alpha = path.signal(step + 1), next_sigma = path.deviation(step + 1);
    // x = alpha x0 + sigma noise becomes so with the next alpha and sigma, and the noise's change on the way.
    const Scalar change = before > 0 ? multiply_add(-next_alpha, sigma / alpha, next_sigma) : Scalar(0);
    const auto packet = [&](double share) { return broadcast(change * static_cast<Scalar>(share)); };
    return [keep = broadcast(1 / sigma), pull = broadcast(-alpha / sigma), signal = broadcast(next_alpha),
            deviation = broadcast(next_sigma), now = packet(of[0] - 1), last = packet(of[1]),
            older = packet(of[2])](const auto& x, const auto& x0, const auto& e1, const auto& e2, const auto&) {
      const auto e0 = multiply_add(pull, x0, multiply(keep, x));
      const auto straight = multiply_add(deviation, e0, multiply(signal, x0));
      return std::array{multiply_add(older, e2, multiply_add(last, e1, multiply_add(now, e0, straight))), e0, e1};
    };
  }
};

}  // namespace scorefield
