/// One training step of the recipe: 13.0 MFLOP for a batch of 256 where the layers are 64 wide.
#include "peak.hpp"
#include "recipe.hpp"

namespace {

namespace sf = scorefield;

template <sf::Real Scalar>
void training_step(benchmark::State& state) {
  const sf::Index width = state.range(0), batch = state.range(1);
  const auto threads = static_cast<int>(state.range(2));
  const auto data = bench::data<Scalar>(batch);
  const auto model = bench::model<Scalar>(width);
  auto run =
      bench::trainer().start(model, data, {.steps = sf::Index{1} << 40, .batch_size = batch, .threads = threads});
  const sf::Minibatches batches(data.size(), batch, sf::Seed{0});
  sf::Index samples = 0;
  for (auto _ : state) {
    samples += batches.batch_length(run.step());
    run.advance();
  }
  bench::report_flops<Scalar>(state, static_cast<double>(samples) * bench::flops(model).train, threads);
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"width", "batch", "threads"})->UseRealTime();
  for (const int threads : {1, 2})
    for (const int width : {16, 64, 128, 256, 1024})
      for (const int batch : {1, 16, 256, 4096}) benchmark->Args({width, batch, threads});
}

BENCHMARK(training_step<float>)->Apply(shapes);
BENCHMARK(training_step<double>)
    ->ArgNames({"width", "batch", "threads"})
    ->ArgsProduct({{64}, {256}, {1, 2}})
    ->UseRealTime();

}  // namespace
