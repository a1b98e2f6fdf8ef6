/// One step of the reverse equation: for a batch, and for a single sample, whose time is a latency.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <scorefield/sampler.hpp>
#include <vector>

#include "peak.hpp"
#include "recipe.hpp"

namespace {

namespace sf = scorefield;

template <sf::Real Scalar>
void reverse_step(benchmark::State& state) {
  const sf::Index samples = state.range(0);
  const auto threads = static_cast<int>(state.range(1));
  const auto model = bench::model<Scalar>(64);
  const auto start = [&] {
    return sf::start(model, sf::EulerMaruyama{.steps = 1000}, samples, sf::Seed{1}, {.threads = threads});
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

/// How long the steps of one sample take, each timed on its own: an application waits for the slowest.
void reverse_step_latency(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t timed = 200'000;
  const auto model = bench::model<float>(64);
  std::vector<double> nanoseconds;
  nanoseconds.reserve(timed);
  for (auto _ : state) {
    nanoseconds.clear();
    for (sf::Index chain = 0; nanoseconds.size() < timed; ++chain) {
      auto stepper = sf::start(model, sf::EulerMaruyama{.steps = 1000}, 1, sf::Seed{1}, {.first = chain, .threads = 1});
      while (!stepper.done()) {
        const auto begin = Clock::now();
        stepper.step();
        nanoseconds.push_back(std::chrono::duration<double, std::nano>(Clock::now() - begin).count());
      }
    }
  }
  const auto percentile = [&](double share) {
    const auto place = nanoseconds.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(timed));
    std::nth_element(nanoseconds.begin(), place, nanoseconds.end());
    return *place;
  };
  state.counters["median_ns"] = percentile(0.5);
  state.counters["p99_ns"] = percentile(0.99);
  state.counters["p99.9_ns"] = percentile(0.999);
}

BENCHMARK(reverse_step<float>)
    ->ArgNames({"samples", "threads"})
    ->ArgsProduct({{1, 1000}, {1}})
    ->Args({1000, 2})
    ->UseRealTime();
BENCHMARK(reverse_step<double>)
    ->ArgNames({"samples", "threads"})
    ->ArgsProduct({{1, 1000}, {1}})
    ->Args({1000, 2})
    ->UseRealTime();
BENCHMARK(reverse_step_latency)->Iterations(1);

}  // namespace
