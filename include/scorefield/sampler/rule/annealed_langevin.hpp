/// Annealed Langevin dynamics: sampling of noise-conditional score networks.
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

namespace scorefield {

/// At each noise level, from the largest down, `moves` times x + e score + sqrt(2 e) noise with e = step_size sigma^2,
/// which leads to the samples of that level from whatever x was, but for a deviation that is too large by up to 1 / (1
/// - step_size / 2) in its square. It needs no equation between the levels: for networks that were trained at some of
/// them (LevelTime), and hundreds of evaluations; with more levels fewer moves will do. Song and Ermon 2019,
/// arXiv:1907.05600, algorithm 1, whose epsilon is 2 step_size sigma_min^2.
struct AnnealedLangevin {
  static constexpr const char* name = "AnnealedLangevin";
  static constexpr std::size_t stages = 1000;
  using Grid = LogSnrGrid;

  Index steps = 11;            // levels, and one more step for the last denoising
  Index moves = 100;           // at each level, in [1, 1000]: evaluations of the model
  double step_size = 0.1;      // in (0, 1]
  double t_last = 1e-3;        // in (0, 1): the last level
  bool last_denoising = true;  // whether the last step goes from there to 0

  bool draws_noise() const { return true; }
  std::size_t stages_of(const auto& path, Index step) const {
    return path.denoises(step) ? 1 : static_cast<std::size_t>(moves);
  }

  /// Throws InvalidArgument where times rise, and for members that are out of their ranges.
  void check(const auto& path) const {
    detail::check_falls(name, path.rises());
    if (!(moves >= 1 && moves <= static_cast<Index>(stages) && step_size > 0 && step_size <= 1))
      throw InvalidArgument(name, text("moves in [1, ", stages, "] and step_size in (0, 1]"),
                            text(moves, " and ", step_size), "100 and 0.1 are usual");
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t stage) const {
    using Scalar = typename Equation::Scalar;
    if (path.denoises(step)) return detail::linear_move<Scalar>({0, 1, 0});
    // The signal of the next level comes with the last move.
    const bool last = stage + 1 == stages_of(path, step);
    const Scalar ratio = last ? path.signal(step + 1) / path.signal(step) : Scalar(1);
    const auto size = static_cast<Scalar>(step_size);
    return detail::linear_move<Scalar>(
        {ratio * (1 - size), ratio * size * path.signal(step), ratio * std::sqrt(2 * size) * path.deviation(step)});
  }
};

}  // namespace scorefield
