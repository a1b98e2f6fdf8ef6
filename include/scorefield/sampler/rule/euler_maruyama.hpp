/// The Euler-Maruyama scheme on the reverse equation.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/grid_rule.hpp"
#include "scorefield/sampler/stochasticity.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// x becomes keep x + pull score + shake noise, by the drift, the pull of the score and the diffusion of a step; a
/// denoising step is of this form too.
template <Sde Equation>
class EulerMaruyamaRule : public GridRule<Equation> {
 public:
  using Scalar = typename Equation::Scalar;
  static constexpr const char* name = "EulerMaruyama";
  static constexpr Estimate estimate = Estimate::score;

  /// Where `last_denoising`, the last step takes away what noise is left.
  EulerMaruyamaRule(Equation sde, Vector<Scalar> times, double stochasticity = 1, bool last_denoising = false)
      : GridRule<Equation>(std::move(sde), std::move(times)),
        stochasticity_(
            static_cast<Scalar>(detail::checked_stochasticity("EulerMaruyama", stochasticity, this->rises()))),
        last_denoising_(last_denoising) {}

  bool draws_noise() const { return stochasticity_ > 0; }

  auto move(Index step, std::size_t) const {
    const auto [keep, pull, shake] = shares(step);
    return [keep = broadcast(keep), pull = broadcast(pull), shake = broadcast(shake)](const auto& x, const auto& score,
                                                                                      const auto& noise) {
      return std::array{multiply_add(shake, noise, multiply_add(pull, score, multiply(keep, x)))};
    };
  }

 private:
  /// Of x, of the score and of the noise.
  std::array<Scalar, 3> shares(Index step) const {
    const Scalar t = this->times()(step), dt = t - this->times()(step + 1);
    const auto& sde = this->sde();
    if (last_denoising_ && step + 2 == this->times().size()) {  // Tweedie's formula
      const Scalar sigma = sde.deviation(t);
      return {1 / sde.signal(t), sigma * sigma / sde.signal(t), 0};
    }
    const Scalar g = sde.diffusion(t);
    return {multiply_add(-sde.drift(t), dt, Scalar(1)), (1 + stochasticity_) / 2 * g * g * dt,
            stochasticity_ > 0 ? std::sqrt(stochasticity_) * g * std::sqrt(dt) : Scalar(0)};
  }

  Scalar stochasticity_;
  bool last_denoising_;
};

/// dx = (f(t) x - g(t)^2 score) dt + g(t) dw from t = 1 down to 0 in equal steps, one evaluation of the score each.
/// Weak order 1: simple and robust, and the slowest. Song et al. 2021, arXiv:2011.13456, equation 6. The noise that
/// is left at t = 0 can be seen in images; a last step that takes it away is Jolicoeur-Martineau et al. 2021's,
/// arXiv:2009.05475.
struct EulerMaruyama {
  Index steps = 1000;
  /// In [0, 1): where the equal steps end. Above 0 the last step goes on to E[x(0) | x(t_last)], which varies less than
  /// x(0): see t_last of DpmSolverPlusPlus.
  double t_last = 0;
  /// >= 0, see sampler/stochasticity.hpp: 1 is the equation above, 0 Euler's scheme on the probability flow.
  double stochasticity = 1;

  /// Throws InvalidArgument unless steps >= 1, stochasticity is finite and >= 0, and t_last is in [0, 1).
  template <Sde Equation>
  EulerMaruyamaRule<Equation> rule(const Equation& sde) const {
    using Scalar = typename Equation::Scalar;
    return {sde, uniform_time_grid<Scalar>("EulerMaruyama", steps, t_last), stochasticity,
            static_cast<Scalar>(t_last) > 0};
  }
};

}  // namespace scorefield
