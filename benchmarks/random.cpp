/// Random numbers a second, drawn for a chunk of 64 samples of d numbers.
#include <benchmark/benchmark.h>
#include <scorefield/core.hpp>

namespace {

namespace sf = scorefield;

/// Calls fill(random, samples, step) once for each iteration.
template <sf::Real Scalar, class Fill>
void draw(benchmark::State& state, const Fill& fill) {
  const sf::Random random(sf::Seed{0}, "benchmark");
  sf::Matrix<Scalar> samples(state.range(0), 64);
  sf::Index step = 0;
  for (auto _ : state) {
    fill(random, sf::view(samples), step++);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * samples.size());
}

template <sf::Real Scalar>
void normal(benchmark::State& state) {
  draw<Scalar>(state, [](const sf::Random& random, auto samples, auto step) { random.normal(samples, 0, step); });
}

template <sf::Real Scalar>
void uniform(benchmark::State& state) {
  draw<Scalar>(state, [](const sf::Random& random, auto samples, auto step) { random.uniform(samples, 0, step); });
}

BENCHMARK(normal<float>)->ArgName("d")->Arg(2)->Arg(784);
BENCHMARK(normal<double>)->ArgName("d")->Arg(2)->Arg(784);
BENCHMARK(uniform<float>)->ArgName("d")->Arg(1)->Arg(784);
BENCHMARK(uniform<double>)->ArgName("d")->Arg(1)->Arg(784);

}  // namespace
