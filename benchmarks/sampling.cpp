/// One step of the reverse equation: for a batch, and for a single sample, whose time is a latency.
#include <scorefield/sampler.hpp>

#include "peak.hpp"
#include "recipe.hpp"

namespace {

namespace sf = scorefield;

template <sf::Real Scalar>
void reverse_step(benchmark::State& state) {
  const sf::Index samples = state.range(0);
  const auto threads = static_cast<int>(state.range(1));
  const auto model = bench::model<Scalar, 64>();
  const auto start = [&] {
    return sf::EulerMaruyama{.steps = 1000}.start(model, {.count = samples, .seed = sf::Seed{1}, .threads = threads});
  };
  auto stepper = start();
  for (auto _ : state) {
    if (stepper.done()) {
      state.PauseTiming();
      stepper = start();
      state.ResumeTiming();
    }
    stepper.step();
  }
  const auto evaluated = static_cast<double>(state.iterations() * samples);
  bench::report_flops<Scalar>(state, evaluated * bench::flops(model).evaluate, threads);
}

BENCHMARK(reverse_step<float>)->ArgNames({"samples", "threads"})->Args({1000, 1})->Args({1, 1});
BENCHMARK(reverse_step<float>)->ArgNames({"samples", "threads"})->Args({1000, 2})->UseRealTime();
BENCHMARK(reverse_step<double>)->ArgNames({"samples", "threads"})->Args({1000, 1})->Args({1, 1});
BENCHMARK(reverse_step<double>)->ArgNames({"samples", "threads"})->Args({1000, 2})->UseRealTime();

}  // namespace
