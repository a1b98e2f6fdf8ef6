/// Predictor-corrector sampling: reverse diffusion steps, each followed by a step of Langevin dynamics.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/detail/linear_move.hpp"
#include "scorefield/sampler/rule/reverse_diffusion.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"
#include "scorefield/sampler/stochasticity.hpp"

namespace scorefield {

/// ReverseDiffusion's step, then at the time where it led x + e score + sqrt(2 e) noise with e = 2 a^2 (r |noise| /
/// |score|)^2: the step at which noise and score are in the ratio r, by the norms of each sample itself. It is 2 a^2
/// r^2 sigma^2 at most, for where samples of few numbers have next to no score it would have no bound; draws of one
/// number are still too wide by a fifth, of two by a tenth, of sixteen by less than a hundredth. Two evaluations a
/// step; for models of images on variance-exploding equations, by hundreds of steps. The last step is not corrected.
/// Song et al. 2021, arXiv:2011.13456, algorithms 2 to 5; a is that of ReverseDiffusion, and 1 where the signal does
/// not fade.
struct PredictorCorrector {
  static constexpr const char* name = "PredictorCorrector";
  static constexpr std::size_t stages = 2;
  using Grid = UniformGrid;

  Index steps = 500;
  double signal_to_noise = 0.16;  // r, finite and >= 0
  double t_last = 1e-3;           // in [0, 1): where the grid's steps end
  bool last_denoising = true;     // where t_last is above 0: whether the last step goes from there to 0

  bool draws_noise() const { return true; }
  std::size_t stages_of(const auto& path, Index step) const { return step + 1 == path.steps() ? 1 : 2; }

  /// Throws InvalidArgument where times rise, and unless signal_to_noise is finite and >= 0.
  void check(const auto& path) const {
    detail::check_falls(name, path.rises());
    if (!(signal_to_noise >= 0 && std::isfinite(signal_to_noise)))
      throw InvalidArgument(name, "a finite signal_to_noise >= 0", text(signal_to_noise), "0.16 is usual");
  }

  template <Sde Equation>
  EvaluationPoint<typename Equation::Scalar> at(const SamplingPath<Equation>& path, Index step,
                                                std::size_t stage) const {
    return {path.time(step + static_cast<Index>(stage))};
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t stage, const auto& column) const {
    return detail::linear_move(stage == 0 ? detail::reversed_shares(path, step) : corrected(path, step, column));
  }

 private:
  /// The shares of a step of Langevin dynamics after a step.
  template <Sde Equation>
  std::array<typename Equation::Scalar, 3> corrected(const SamplingPath<Equation>& path, Index step,
                                                     const auto& column) const {
    using Scalar = typename Equation::Scalar;
    const Scalar alpha = path.signal(step + 1), sigma = path.deviation(step + 1), a = path.signal(step) / alpha;
    // sigma score = (alpha x0 - x) / sigma, as large as noise is.
    const auto score = [of_x0 = broadcast(alpha / sigma), of_x = broadcast(-1 / sigma)](const auto& x, const auto& x0) {
      const auto scaled = multiply_add(of_x0, x0, multiply(of_x, x));
      return multiply(scaled, scaled);
    };
    const Scalar scores = sum_of(column.size, score, column.x, column.estimate);
    const Scalar noises = sum_of(
        column.size, [](const auto& z) { return multiply(z, z); }, column.noise);
    // e / sigma^2.
    const auto r = static_cast<Scalar>(signal_to_noise);
    const Scalar e = 2 * a * a * r * r * (noises < scores ? noises / scores : Scalar(1));
    return {1 - e, e * alpha, std::sqrt(2 * e) * sigma};
  }
};

}  // namespace scorefield
