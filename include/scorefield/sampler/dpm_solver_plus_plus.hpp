/// DPM-Solver++.
#pragma once

#include <array>

#include "scorefield/core/packet.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/denoised_step.hpp"
#include "scorefield/sampler/grid_stepper.hpp"
#include "scorefield/sampler/sample_batch.hpp"
#include "scorefield/sampler/stochasticity.hpp"
#include "scorefield/sampler/time_grid.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// Along the probability flow like Ddim, the denoised sample being extrapolated from this step's and the one before: as
/// many evaluations of the score, order 2. The first choice for few steps; good pictures from 10 to 20.
/// DPM-Solver++(2M) of Lu et al. 2022, arXiv:2211.01095, algorithm 2, on log_snr_time_grid. The first step, which has
/// none before, and the one to t = 0 are Ddim's; so is the last one of fewer than 15, as in the authors' program,
/// because an extrapolation over a long step to hardly any noise is of little use. With a stochasticity it is the
/// authors' SDE-DPM-Solver++(2M), of weak order 2 for a linear score.
struct DpmSolverPlusPlus {
  Index steps = 20;            // evaluations of the score
  double stochasticity = 0;    // >= 0, see stochasticity.hpp; where the score is learnt, 2 may draw better images
  double t_last = 1e-3;        // in (0, 1): where the equidistant steps end
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise

  template <ScoreFunction Model>
  class Stepper : public GridStepper<Model> {
    using GridStepper<Model>::batch_, GridStepper<Model>::times_, GridStepper<Model>::step_;

   public:
    using Scalar = typename Model::Scalar;

    Stepper(const Model& model, const SampleRequest& request, const LogSnrGrid& grid, double stochasticity)
        : GridStepper<Model>(model, request, log_snr_time_grid("DpmSolverPlusPlus", model.sde(), grid)),
          stochasticity_(detail::checked_stochasticity("DpmSolverPlusPlus", stochasticity)),
          previous_(Matrix<Scalar>::Zero(model.dimension(), request.count)) {}

    void step() {
      this->check_not_done("DpmSolverPlusPlus");
      const DenoisedStep<Scalar> next(batch_.model().sde(), times_(step_), times_(step_ + 1), stochasticity_);
      const auto share = static_cast<Scalar>(extrapolation());
      const auto now = broadcast(1 + share), before = broadcast(-share);
      const auto move = [&](const auto& x, const auto& score, const auto& previous) {
        const auto x0 = next.denoised(x, score);
        return std::array{next.moved(x, multiply_add(now, x0, multiply(before, previous))), x0};
      };
      batch_.with_score(times_(step_), [&](auto chunk) {
        const auto kept = columns(previous_, chunk.first, chunk.x.cols()).data();
        transform(std::array{chunk.x.data(), kept}, chunk.x.size(), move, chunk.x.data(), chunk.score.data(), kept);
        if (stochasticity_ > 0) shake(chunk, next);
      });
      ++step_;
    }

   private:
    void shake(typename SampleBatch<Model>::Chunk chunk, const DenoisedStep<Scalar>& next) const {
      Random(batch_.seed(), "reverse noise").normal(chunk.noise, chunk.first_sample, step_);
      const auto add = [&](const auto& x, const auto& noise) { return next.shaken(x, noise); };
      transform(chunk.x.data(), chunk.x.size(), add, chunk.x.data(), chunk.noise.data());
    }

    /// How far the denoised sample of the middle of this step is beyond the latest one, in units of the difference to
    /// the one before: h / (2 h before).
    double extrapolation() const {
      const Index last = times_.size() - 1;
      if (step_ == 0 || (step_ + 1 == last && (last < 15 || times_(last) == 0))) return 0;
      const auto lambda = [&](Index i) { return half_log_snr(batch_.model().sde(), times_(i)); };
      return (lambda(step_ + 1) - lambda(step_)) / (2 * (lambda(step_) - lambda(step_ - 1)));
    }

    double stochasticity_;
    Matrix<Scalar> previous_;  // d x count: what the step before took for x0
  };

  /// Throws InvalidArgument where log_snr_time_grid does, and unless stochasticity is finite and >= 0.
  template <ScoreFunction Model>
  Stepper<Model> start(const Model& model, const SampleRequest& request) const {
    return {model, request, {steps, t_last, last_denoising}, stochasticity};
  }
  template <ScoreFunction Model>
  Stepper<Model> start(const Model&& model,
                       const SampleRequest& request) const = delete;  // it must outlive the stepper
};

}  // namespace scorefield
