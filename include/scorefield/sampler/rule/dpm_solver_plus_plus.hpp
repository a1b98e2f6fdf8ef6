/// DPM-Solver++ (2M), of the probability flow and of the reverse equation.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/denoised_step.hpp"
#include "scorefield/sampler/rule/grid_rule.hpp"
#include "scorefield/sampler/stochasticity.hpp"
#include "scorefield/sde/concept.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// As DdimRule, with the denoised sample extrapolated to the middle of the step from this and the one before, which it
/// keeps.
template <Sde Equation>
class DpmSolverPlusPlusRule : public GridRule<Equation> {
 public:
  using Scalar = typename Equation::Scalar;
  static constexpr const char* name = "DpmSolverPlusPlus";
  static constexpr std::size_t kept = 1;

  DpmSolverPlusPlusRule(Equation sde, Vector<Scalar> times, double stochasticity = 0)
      : GridRule<Equation>(std::move(sde), std::move(times)),
        stochasticity_(detail::checked_stochasticity("DpmSolverPlusPlus", stochasticity, this->rises())) {}

  bool draws_noise() const { return stochasticity_ > 0; }

  auto move(Index step, std::size_t) const {
    const DenoisedStep<Scalar> next(this->sde(), this->times()(step), this->times()(step + 1), stochasticity_);
    const auto share = static_cast<Scalar>(extrapolation(step));
    return [next, now = broadcast(1 + share), before = broadcast(-share)](const auto& x, const auto& x0,
                                                                          const auto& previous, const auto& noise) {
      return std::array{next.moved(x, multiply_add(now, x0, multiply(before, previous)), noise), x0};
    };
  }

 private:
  /// How far the denoised sample of the middle of a step is beyond its own, in units of the difference to the one
  /// before: h / (2 h before).
  double extrapolation(Index step) const {
    constexpr Index few_steps = 15;
    const auto& times = this->times();
    const Index last = times.size() - 1;
    if (step == 0 || (step + 1 == last && (last < few_steps || times(last) == 0))) return 0;
    const auto lambda = [&](Index i) { return half_log_snr(this->sde(), times(i)); };
    return (lambda(step + 1) - lambda(step)) / (2 * (lambda(step) - lambda(step - 1)));
  }

  double stochasticity_;
};

/// Along the probability flow like Ddim, the denoised sample being extrapolated from this step's and the one before: as
/// many evaluations of the model, order 2. The first choice for few steps; good pictures from 10 to 20.
/// DPM-Solver++(2M) of Lu et al. 2022, arXiv:2211.01095, algorithm 2, on log_snr_time_grid. The first step, which has
/// none before, and a last denoising one do not extrapolate; nor, as in the authors' first program, does any other last
/// step of fewer than 15, because it is long and leads to hardly any noise. With stochasticity 1 it is the authors'
/// SDE-DPM-Solver++(2M); for any, of weak order 2 where the score is linear.
struct DpmSolverPlusPlus {
  Index steps = 20;  // evaluations of the model
  /// In (0, 1): where the equidistant steps end. A last denoising step from there goes on to E[x(0) | x(t_last)], which
  /// varies less than x(0): by alpha s / sqrt(alpha^2 s^2 + sigma^2) for normal data of deviation s, 0.89 for 0.02.
  double t_last = 1e-3;
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise
  double stochasticity = 0;    // >= 0, see sampler/stochasticity.hpp: 0 is the probability flow

  /// Throws InvalidArgument where log_snr_time_grid does, and unless stochasticity is finite and >= 0.
  template <Sde Equation>
  DpmSolverPlusPlusRule<Equation> rule(const Equation& sde) const {
    return {sde, log_snr_time_grid("DpmSolverPlusPlus", sde, {steps, t_last, last_denoising}), stochasticity};
  }
};

}  // namespace scorefield
