/// Reverse diffusion sampling: the reverse equation, discretised as the forward chain is.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/detail/linear_move.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sampler/stochasticity.hpp"

namespace scorefield {

namespace detail {

/// Shares of x, of the denoised sample and of noise in a step that reverses x(t) = a x(t') + G noise, t' being the
/// earlier time, as x(t') = (2 - a) x(t) + G^2 score + G noise, with a = alpha(t) / alpha(t') and G^2 = sigma(t)^2 -
/// a^2 sigma(t')^2. A step to t' = 0 is the denoised sample. Song et al. 2021, arXiv:2011.13456, equations 45 and 46.
template <Sde Equation>
std::array<typename Equation::Scalar, 3> reversed_shares(const SamplingPath<Equation>& path, Index step) {
  using Scalar = typename Equation::Scalar;
  if (path.denoises(step)) return {0, 1, 0};
  const double h = path.lambda(step + 1) - path.lambda(step), drawn = -std::expm1(-2 * h);  // G^2 / sigma(t)^2
  const Scalar alpha = path.signal(step), sigma = path.deviation(step);
  return {2 - alpha / path.signal(step + 1) - static_cast<Scalar>(drawn), static_cast<Scalar>(drawn) * alpha,
          static_cast<Scalar>(std::sqrt(drawn)) * sigma};
}

}  // namespace detail

/// The reverse equation in steps as exact as the forward chain's are: of weak order 1, like EulerMaruyama, and steadier
/// by few steps and on variance-exploding equations, whose predictor it was. Song et al. 2021, arXiv:2011.13456,
/// appendix E.
struct ReverseDiffusion {
  static constexpr const char* name = "ReverseDiffusion";
  using Grid = UniformGrid;

  Index steps = 1000;          // evaluations of the model
  double t_last = 1e-3;        // in [0, 1): where the grid's steps end
  bool last_denoising = true;  // where t_last is above 0: whether the last step goes from there to 0

  bool draws_noise() const { return true; }
  /// Throws InvalidArgument where times rise.
  void check(const auto& path) const { detail::check_falls(name, path.rises()); }

  auto move(const auto& path, Index step, std::size_t) const {
    return detail::linear_move(detail::reversed_shares(path, step));
  }
};

}  // namespace scorefield
