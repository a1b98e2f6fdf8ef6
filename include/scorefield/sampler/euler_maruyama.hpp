/// The Euler-Maruyama scheme on the reverse equation.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/packet.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid_stepper.hpp"
#include "scorefield/sampler/time_grid.hpp"

namespace scorefield {

/// dx = (f(t) x - g(t)^2 score) dt + g(t) dw from t = 1 down to 0 in equal steps, one evaluation of the score each.
/// Weak order 1: simple and robust, and the slowest. Song et al. 2021, arXiv:2011.13456, equation 6.
struct EulerMaruyama {
  Index steps = 1000;

  template <ScoreFunction Model>
  class Stepper : public GridStepper<Model> {
    using GridStepper<Model>::batch_, GridStepper<Model>::times_, GridStepper<Model>::step_;

   public:
    using Scalar = typename Model::Scalar;

    Stepper(const Model& model, const SampleRequest& request, Index steps)
        : GridStepper<Model>(model, request, uniform_time_grid<Scalar>(steps)) {}

    void step() {
      this->check_not_done("EulerMaruyama");
      const Scalar t = times_(step_), dt = t - times_(step_ + 1);
      const auto& sde = batch_.model().sde();
      const Scalar g = sde.diffusion(t);
      const auto keep = broadcast(1 - sde.drift(t) * dt);
      const auto pull = broadcast(g * g * dt);
      const auto shake = broadcast(g * std::sqrt(dt));
      const Random random(batch_.seed(), "reverse noise");
      const auto move = [&](const auto& x, const auto& score, const auto& noise) {
        return multiply_add(shake, noise, multiply_add(pull, score, multiply(keep, x)));
      };
      batch_.with_score(t, [&](auto chunk) {
        random.normal(chunk.noise, chunk.first_sample, step_);
        transform(chunk.x.data(), chunk.x.size(), move, chunk.x.data(), chunk.score.data(), chunk.noise.data());
      });
      ++step_;
    }
  };

  /// Throws InvalidArgument unless steps >= 1.
  template <ScoreFunction Model>
  Stepper<Model> start(const Model& model, const SampleRequest& request) const {
    if (steps < 1) throw InvalidArgument("EulerMaruyama", "at least 1 step", text(steps), "1000 is usual");
    return {model, request, steps};
  }
  template <ScoreFunction Model>
  Stepper<Model> start(const Model&& model,
                       const SampleRequest& request) const = delete;  // it must outlive the stepper
};

}  // namespace scorefield
