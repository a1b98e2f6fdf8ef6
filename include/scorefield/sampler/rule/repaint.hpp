/// RePaint: ancestral sampling with resampling, for samples of which some numbers are known.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/detail/linear_move.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sampler/stochasticity.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Ancestral sampling (DDPM) in which each step from s to t is taken `resamplings` times, with a step of noise from t
/// back to s in between, so that what is drawn comes to agree with what a Known has put in its place. A step there and
/// back is
///   x(s) <- alpha D + q^2 (x(s) - alpha D) + sigma sqrt(1 - q^4) noise,
/// with alpha and sigma of s, and q = (alpha(s) / sigma(s)) / (alpha(t) / sigma(t)). A step takes as many evaluations;
/// the jump length is 1. Lugmayr et al. 2022, arXiv:2201.09865, algorithm 1.
struct RePaint {
  static constexpr const char* name = "RePaint";
  static constexpr std::size_t stages = 100;
  using Grid = LogSnrGrid;

  Index steps = 50;
  Index resamplings = 10;      // in [1, 100]
  double t_last = 1e-3;        // in (0, 1): where the grid's steps end; see that of DpmSolverPlusPlus
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise

  bool draws_noise() const { return true; }
  std::size_t stages_of(const auto&, Index) const { return static_cast<std::size_t>(resamplings); }

  /// Throws InvalidArgument where times rise, and for resamplings that are not in [1, 100].
  void check(const auto& path) const {
    detail::check_falls(name, path.rises());
    if (!(resamplings >= 1 && resamplings <= static_cast<Index>(stages)))
      throw InvalidArgument(name, text("resamplings in [1, ", stages, "]"), text(resamplings), "10 are usual");
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t stage) const {
    using Scalar = typename Equation::Scalar;
    const Scalar alpha = path.signal(step), sigma = path.deviation(step), to = path.deviation(step + 1),
                 q = alpha * to / (sigma * path.signal(step + 1)), kept = q * q, left = (1 - q) * (1 + q);
    const bool stays = static_cast<Index>(stage) + 1 == resamplings;
    return detail::linear_move(stays ? std::array{q * to / sigma, path.signal(step + 1) * left, to * std::sqrt(left)}
                                     : std::array{kept, alpha * left, sigma * std::sqrt(left * (1 + kept))});
  }
};

}  // namespace scorefield
