/// Denoising diffusion implicit models.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid_stepper.hpp"
#include "scorefield/sampler/rule/detail/denoised_step.hpp"
#include "scorefield/sampler/time_grid.hpp"

namespace scorefield {

/// Along the probability flow: each step denoises x and adds the noise it found, as much of it as the next time has.
/// Only the prior is random. Order 1; good pictures from 50 steps. Song, Meng and Ermon 2021, arXiv:2010.02502,
/// equation 12 with sigma = 0 (eta = 0), on log_snr_time_grid.
struct Ddim {
  Index steps = 50;            // evaluations of the score
  double t_last = 1e-3;        // in (0, 1): where the equidistant steps end; see that of DpmSolverPlusPlus
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise

  template <ScoreFunction Model>
  class Stepper : public GridStepper<Model> {
    using GridStepper<Model>::batch_, GridStepper<Model>::times_, GridStepper<Model>::step_;

   public:
    using Scalar = typename Model::Scalar;

    Stepper(const Model& model, const SampleRequest& request, const LogSnrGrid& grid)
        : GridStepper<Model>(model, request, log_snr_time_grid("Ddim", model.sde(), grid)) {}

    void step() {
      this->check_not_done("Ddim");
      const DenoisedStep<Scalar> flow(batch_.model().sde(), times_(step_), times_(step_ + 1));
      const auto move = [&](const auto& x, const auto& score) { return flow.moved(x, flow.denoised(x, score)); };
      batch_.with_score(times_(step_), [&](auto chunk) {
        transform(chunk.x.data(), chunk.x.size(), move, chunk.x.data(), chunk.score.data());
      });
      ++step_;
    }
  };

  /// Throws InvalidArgument where log_snr_time_grid does.
  template <ScoreFunction Model>
  Stepper<Model> start(const Model& model, const SampleRequest& request) const {
    return {model, request, {steps, t_last, last_denoising}};
  }
  template <ScoreFunction Model>
  Stepper<Model> start(const Model&& model,
                       const SampleRequest& request) const = delete;  // it must outlive the stepper
};

}  // namespace scorefield
