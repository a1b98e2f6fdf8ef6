/// Denoising diffusion implicit models (DDIM), and ancestral sampling (DDPM), which is their limit of eta = 1.
#pragma once

#include <array>
#include <cstddef>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/rule/denoised_step.hpp"
#include "scorefield/sampler/rule/sampling_path.hpp"

namespace scorefield {

/// Each step denoises x and adds noise again, as much of it as the next time has: with eta = 0 the noise it found, so
/// that only the prior is random, along the probability flow, of order 1 and on rising times from data to noise; with
/// eta = 1 as much new one as x(t) has given x(s) and x(0), which is ancestral sampling, of weak order 1. Good pictures
/// from 50 steps. Song, Meng and Ermon 2021, arXiv:2010.02502, equations 12 and 16; Ho et al. 2020, arXiv:2006.11239,
/// algorithm 2, for eta = 1, generalised to the alpha and sigma of any equation.
struct Ddim {
  static constexpr const char* name = "Ddim";
  using Grid = LogSnrGrid;

  Index steps = 50;            // evaluations of the model
  double t_last = 1e-3;        // in (0, 1): where the grid's steps end; see that of DpmSolverPlusPlus
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise
  double eta = 0;              // in [0, 1]

  bool draws_noise() const { return eta > 0; }

  /// Throws InvalidArgument unless eta is in [0, 1], and 0 on rising times.
  template <Sde Equation>
  void check(const SamplingPath<Equation>& path) const {
    if (!(eta >= 0 && eta <= (path.rises() ? 0 : 1)))
      throw InvalidArgument(name, path.rises() ? "eta 0 on rising times" : "eta in [0, 1]", text(eta),
                            "0 follows the probability flow, 1 is ancestral sampling");
  }

  template <Sde Equation>
  auto move(const SamplingPath<Equation>& path, Index step, std::size_t) const {
    const DenoisedStep<typename Equation::Scalar> next(path.sde(), path.time(step), path.time(step + 1), Eta{eta});
    return [next, noisy = draws_noise()](const auto& x, const auto& x0, const auto& noise) {
      return std::array{noisy ? next.moved(x, x0, noise) : next.moved(x, x0)};
    };
  }
};

}  // namespace scorefield
