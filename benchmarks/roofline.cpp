/// The machine's multiply-add peak, on one thread and on two: where the two share a core, the peak_share of two falls.
#include "peak.hpp"

namespace {

template <scorefield::Real Scalar>
void multiply_adds(benchmark::State& state) {
  constexpr scorefield::Index links = 10'000;
  for (auto _ : state) bench::multiply_adds<Scalar>(links);
  const double flops = static_cast<double>(state.iterations()) * bench::multiply_add_flops<Scalar>(links);
  bench::report_flops<Scalar>(state, flops, state.threads());
}
BENCHMARK(multiply_adds<float>);
BENCHMARK(multiply_adds<float>)->Threads(2)->UseRealTime();
BENCHMARK(multiply_adds<double>);
BENCHMARK(multiply_adds<double>)->Threads(2)->UseRealTime();

}  // namespace
