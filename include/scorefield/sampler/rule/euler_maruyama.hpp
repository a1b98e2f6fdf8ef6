/// The Euler-Maruyama scheme on the reverse equation.
#pragma once

#include <cmath>

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid_stepper.hpp"
#include "scorefield/sampler/rule/detail/denoised_step.hpp"
#include "scorefield/sampler/rule/detail/stochasticity.hpp"
#include "scorefield/sampler/time_grid.hpp"

namespace scorefield {

/// dx = (f(t) x - g(t)^2 score) dt + g(t) dw from t = 1 down to 0 in equal steps, one evaluation of the score each.
/// Weak order 1: simple and robust, and the slowest. Song et al. 2021, arXiv:2011.13456, equation 6. The noise that
/// is left at t = 0 can be seen in images; a last step that takes it away is Jolicoeur-Martineau et al. 2021's,
/// arXiv:2009.05475.
struct EulerMaruyama {
  Index steps = 1000;
  /// In [0, 1): where the equal steps end. Above 0 the last step goes on to E[x(0) | x(t_last)], which varies less than
  /// x(0): see t_last of DpmSolverPlusPlus.
  double t_last = 0;
  double stochasticity = 1;  // >= 0, see stochasticity.hpp: 1 is the equation above, 0 Euler's scheme on the flow

  template <ScoreFunction Model>
  class Stepper : public GridStepper<Model> {
    using GridStepper<Model>::batch_, GridStepper<Model>::times_, GridStepper<Model>::step_;

   public:
    using Scalar = typename Model::Scalar;

    Stepper(const Model& model, const SampleRequest& request, const EulerMaruyama& sampler)
        : GridStepper<Model>(model, request, uniform_time_grid<Scalar>("EulerMaruyama", sampler.steps, sampler.t_last)),
          stochasticity_(static_cast<Scalar>(detail::checked_stochasticity("EulerMaruyama", sampler.stochasticity))),
          denoises_last_(static_cast<Scalar>(sampler.t_last) > 0) {}

    void step() {
      this->check_not_done("EulerMaruyama");
      if (denoises_last_ && times_(step_ + 1) == 0)
        denoise();
      else
        follow();
      ++step_;
    }

   private:
    void follow() {
      const Scalar t = times_(step_), dt = t - times_(step_ + 1);
      const auto& sde = batch_.model().sde();
      const Scalar g = sde.diffusion(t);
      const auto keep = broadcast(multiply_add(-sde.drift(t), dt, Scalar(1)));
      const auto pull = broadcast((1 + stochasticity_) / 2 * g * g * dt);
      const auto shake = broadcast(std::sqrt(stochasticity_) * g * std::sqrt(dt));
      const auto move = [&](const auto& x, const auto& score, const auto& noise) {
        return multiply_add(shake, noise, multiply_add(pull, score, multiply(keep, x)));
      };
      batch_.with_score(t, [&](auto chunk) {
        batch_.draw_noise(chunk, step_);
        transform(chunk.x.data(), chunk.x.size(), move, chunk.x.data(), chunk.score.data(), chunk.noise.data());
      });
    }

    void denoise() {
      const DenoisedStep<Scalar> flow(batch_.model().sde(), times_(step_), Scalar(0));
      const auto move = [&](const auto& x, const auto& score) { return flow.denoised(x, score); };
      batch_.with_score(times_(step_), [&](auto chunk) {
        transform(chunk.x.data(), chunk.x.size(), move, chunk.x.data(), chunk.score.data());
      });
    }

    Scalar stochasticity_;
    bool denoises_last_;
  };

  /// Throws InvalidArgument unless steps >= 1, stochasticity is finite and >= 0, and t_last is in [0, 1).
  template <ScoreFunction Model>
  Stepper<Model> start(const Model& model, const SampleRequest& request) const {
    return {model, request, *this};
  }
  template <ScoreFunction Model>
  Stepper<Model> start(const Model&& model,
                       const SampleRequest& request) const = delete;  // it must outlive the stepper
};

}  // namespace scorefield
