/// The Euler-Maruyama scheme on the reverse equation.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/detail/linear_move.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sampler/stochasticity.hpp"

namespace scorefield {

/// dx = (f(t) x - g(t)^2 score) dt + g(t) dw from t = 1 down to 0 in equal steps, one evaluation of the score each.
/// Weak order 1: simple and robust, and the slowest. Song et al. 2021, arXiv:2011.13456, equation 6. The noise that
/// is left at t = 0 can be seen in images; a last step that takes it away is Jolicoeur-Martineau et al. 2021's,
/// arXiv:2009.05475.
struct EulerMaruyama {
  static constexpr const char* name = "EulerMaruyama";
  static constexpr Estimate estimate = Estimate::score;
  using Grid = UniformGrid;

  Index steps = 1000;
  /// In [0, 1): where the equal steps end. Above 0 the last step goes on to E[x(0) | x(t_last)], which varies less than
  /// x(0): see t_last of DpmSolverPlusPlus.
  double t_last = 0;
  /// >= 0, see sampler/stochasticity.hpp: 1 is the equation above, 0 Euler's scheme on the probability flow.
  double stochasticity = 1;

  bool draws_noise() const { return stochasticity > 0; }

  /// Throws InvalidArgument unless stochasticity is finite and >= 0, and 0 on rising times, and where the drift is
  /// infinite at the first time.
  template <Sde Equation>
  void check(const SamplingPath<Equation>& path) const {
    detail::check_stochasticity(name, stochasticity, path.rises());
    if (const auto drift = path.sde().drift(path.time(0)); !std::isfinite(drift))
      throw InvalidArgument(name, "an equation of finite drift at its first time", text(drift, " at ", path.time(0)),
                            "use Ddim{.eta = 1}, which no signal at t = 1 does not trouble, or ProbabilityFlow");
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t) const {
    return detail::linear_move(shares(path, step));
  }

 private:
  /// Of x, of the score and of the noise.
  template <Sde Equation>
  std::array<typename Equation::Scalar, 3> shares(const SamplingPath<Equation>& path, Index step) const {
    using Scalar = typename Equation::Scalar;
    const Scalar t = path.time(step), dt = t - path.time(step + 1), r = static_cast<Scalar>(stochasticity);
    if (static_cast<Scalar>(t_last) > 0 && path.denoises(step)) {  // Tweedie's formula
      const Scalar alpha = path.signal(step), sigma = path.deviation(step);
      return {1 / alpha, sigma * sigma / alpha, 0};
    }
    const Scalar g = path.sde().diffusion(t);
    return {multiply_add(-path.sde().drift(t), dt, Scalar(1)), (1 + r) / 2 * g * g * dt,
            r > 0 ? std::sqrt(r) * g * std::sqrt(dt) : Scalar(0)};
  }
};

}  // namespace scorefield
