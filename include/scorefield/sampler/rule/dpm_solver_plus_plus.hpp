/// DPM-Solver++.
#pragma once

#include <array>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid_stepper.hpp"
#include "scorefield/sampler/rule/detail/denoised_step.hpp"
#include "scorefield/sampler/rule/detail/stochasticity.hpp"
#include "scorefield/sampler/time_grid.hpp"
#include "scorefield/sde/half_log_snr.hpp"

namespace scorefield {

/// Along the probability flow like Ddim, the denoised sample being extrapolated from this step's and the one before: as
/// many evaluations of the score, order 2. The first choice for few steps; good pictures from 10 to 20.
/// DPM-Solver++(2M) of Lu et al. 2022, arXiv:2211.01095, algorithm 2, on log_snr_time_grid. The first step, which has
/// none before, and a last denoising one do not extrapolate; nor, as in the authors' first program, does any other last
/// step of fewer than 15, because it is long and leads to hardly any noise. With stochasticity 1 it is the authors'
/// SDE-DPM-Solver++(2M); for any, of weak order 2 where the score is linear.
struct DpmSolverPlusPlus {
  Index steps = 20;  // evaluations of the score
  /// In (0, 1): where the equidistant steps end. A last denoising step from there goes on to E[x(0) | x(t_last)], which
  /// varies less than x(0): by alpha s / sqrt(alpha^2 s^2 + sigma^2) for normal data of deviation s, 0.89 for 0.02.
  double t_last = 1e-3;
  bool last_denoising = true;  // whether the last step goes from there to 0, and leaves x without noise
  double stochasticity = 0;    // >= 0, see stochasticity.hpp: 0 is the probability flow

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
      const auto move = [&](const auto& x, const auto& score, const auto& previous, const auto&... noise) {
        const auto x0 = next.denoised(x, score);
        return std::array{next.moved(x, multiply_add(now, x0, multiply(before, previous)), noise...), x0};
      };
      batch_.with_score(times_(step_), [&](auto chunk) {
        const auto kept = columns(previous_, chunk.first, chunk.x.cols()).data();
        const auto apply = [&](const auto*... noise) {
          transform(std::array{chunk.x.data(), kept}, chunk.x.size(), move, chunk.x.data(), chunk.score.data(), kept,
                    noise...);
        };
        if (stochasticity_ == 0) return apply();
        batch_.draw_noise(chunk, step_);
        apply(chunk.noise.data());
      });
      ++step_;
    }

   private:
    /// How far the denoised sample of the middle of this step is beyond the latest one, in units of the difference to
    /// the one before: h / (2 h before).
    double extrapolation() const {
      constexpr Index few_steps = 15;
      const Index last = times_.size() - 1;
      if (step_ == 0 || (step_ + 1 == last && (last < few_steps || times_(last) == 0))) return 0;
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
