/// Every sampler on a grid, for suites that go through them all.
#pragma once

#include "scorefield/sampler.hpp"

namespace scorefield::test {

/// f(method) for every method that only the prior makes random, of so many steps.
template <class F>
void for_each_flow_method(Index steps, double t_last, const F& f) {
  f(Ddim{.steps = steps, .t_last = t_last});
  f(DpmSolverPlusPlus{.steps = steps, .t_last = t_last});
  f(DpmSolverPlusPlus2S{.steps = steps, .t_last = t_last});
  f(DpmSolverPlusPlus3M{.steps = steps, .t_last = t_last});
  for (const Index order : {1, 2, 3}) {
    f(UniPc{.steps = steps, .order = order, .variant = UniPcVariant::b1, .t_last = t_last});
    f(UniPc{.steps = steps, .order = order, .t_last = t_last});
    f(Deis{.steps = steps, .order = order, .t_last = t_last});
  }
  for (const auto scheme : {FlowScheme::euler, FlowScheme::heun, FlowScheme::midpoint})
    f(ProbabilityFlow{.steps = steps, .scheme = scheme, .t_last = t_last});
  f(EdmHeun{.steps = steps, .t_last = t_last});
}

/// f(method) for every method that adds noise on its way, but EulerMaruyama, which not every equation can have, and
/// PredictorCorrector, which is not linear.
template <class F>
void for_each_noisy_method(Index steps, double t_last, const F& f) {
  f(Ddim{.steps = steps, .t_last = t_last, .eta = 1});
  f(Ddim{.steps = steps, .t_last = t_last, .eta = 0.5});
  f(DpmSolverPlusPlus{.steps = steps, .t_last = t_last, .stochasticity = 1});
  f(DpmSolverPlusPlus3M{.steps = steps, .t_last = t_last, .stochasticity = 1});
  f(EdmHeun{.steps = steps, .s_churn = 20, .t_last = t_last});
  f(ReverseDiffusion{.steps = steps, .t_last = t_last});
  f(RePaint{.steps = steps, .resamplings = 3, .t_last = t_last});
}

}  // namespace scorefield::test
