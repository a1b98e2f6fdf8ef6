/// One training step of the recipe: 13.0 MFLOP for a batch of 256 where the layers are 64 wide. One thread
/// is timed by its CPU clock, which other work on the machine does not move; two can only be timed by the wall clock,
/// and want two idle cores: OpenMP threads that wait spin, unless OMP_WAIT_POLICY=passive.
#include "peak.hpp"
#include "recipe.hpp"

namespace {

namespace sf = scorefield;

template <sf::Real Scalar, sf::Index Width>
void training_step(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto data = bench::data<Scalar>();
  const auto model = bench::model<Scalar, Width>();
  auto run = bench::trainer().start(model, data,
                                    {.steps = sf::Index{1} << 40, .batch_size = bench::batch_size, .threads = threads});
  const sf::Minibatches batches(bench::points, bench::batch_size, sf::Seed{0});
  sf::Index samples = 0;
  for (auto _ : state) {
    samples += batches.batch_length(run.step());
    run.advance();
  }
  bench::report_flops<Scalar>(state, static_cast<double>(samples) * bench::flops(model).train, threads);
}

BENCHMARK(training_step<float, 64>)->ArgName("threads")->Arg(1);
BENCHMARK(training_step<float, 64>)->ArgName("threads")->Arg(2)->UseRealTime();
BENCHMARK(training_step<double, 64>)->ArgName("threads")->Arg(1);
BENCHMARK(training_step<double, 64>)->ArgName("threads")->Arg(2)->UseRealTime();
BENCHMARK(training_step<float, 16>)->ArgName("threads")->Arg(1);
BENCHMARK(training_step<float, 16>)->ArgName("threads")->Arg(2)->UseRealTime();
BENCHMARK(training_step<float, 128>)->ArgName("threads")->Arg(1);
BENCHMARK(training_step<float, 128>)->ArgName("threads")->Arg(2)->UseRealTime();
BENCHMARK(training_step<float, 256>)->ArgName("threads")->Arg(1);
BENCHMARK(training_step<float, 256>)->ArgName("threads")->Arg(2)->UseRealTime();

}  // namespace
