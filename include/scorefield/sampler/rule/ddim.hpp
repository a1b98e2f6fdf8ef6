/// Denoising diffusion implicit models (DDIM).
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/denoised_step.hpp"
#include "scorefield/sampler/rule/grid_rule.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// x goes to where it would go if the denoised sample stayed what it is. On rising times, from above 0 on, it takes
/// data to noise.
template <Sde Equation>
class DdimRule : public GridRule<Equation> {
 public:
  using Scalar = typename Equation::Scalar;
  static constexpr const char* name = "Ddim";

  using GridRule<Equation>::GridRule;

  auto move(Index step, std::size_t) const {
    const DenoisedStep<Scalar> flow(this->sde(), this->times()(step), this->times()(step + 1));
    return [flow](const auto& x, const auto& x0, const auto&) { return std::array{flow.moved(x, x0)}; };
  }
};

template <Sde Equation>
DdimRule(Equation, Vector<typename Equation::Scalar>) -> DdimRule<Equation>;

/// Along the probability flow: each step denoises x and adds the noise it found, as much of it as the next time has.
/// Only the prior is random. Order 1; good pictures from 50 steps. Song, Meng and Ermon 2021, arXiv:2010.02502,
/// equation 12 with sigma = 0 (eta = 0), on log_snr_time_grid.
struct Ddim {
  Index steps = 50;            // evaluations of the model
  double t_last = 1e-3;        // in (0, 1): where the equidistant steps end; see that of DpmSolverPlusPlus
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise

  /// Throws InvalidArgument where log_snr_time_grid does.
  template <Sde Equation>
  DdimRule<Equation> rule(const Equation& sde) const {
    return {sde, log_snr_time_grid("Ddim", sde, {steps, t_last, last_denoising})};
  }
};

}  // namespace scorefield
