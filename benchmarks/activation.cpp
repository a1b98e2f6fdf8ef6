/// The time an activation takes for an element, its value alone and with the derivative, on a chunk of 64 x 64. The
/// arguments are copied there anew each time; Identity is the time that this takes.
#include <benchmark/benchmark.h>
#include <scorefield/core.hpp>
#include <scorefield/layer.hpp>

namespace {

namespace sf = scorefield;

template <sf::Real Scalar>
struct Chunk {
  sf::Matrix<Scalar> z{64, 64}, values{64, 64}, derivatives{64, 64};

  Chunk() { sf::Random(sf::Seed{0}, "benchmark").normal(sf::view(z), 0, 0); }

  /// Calls activate() once for each iteration, with the arguments in `values`.
  template <class Activate>
  void measure(benchmark::State& state, const Activate& activate) {
    for (auto _ : state) {
      values = z;
      activate();
      benchmark::ClobberMemory();
    }
    using benchmark::Counter;
    state.counters["an_element"] =
        Counter(static_cast<double>(z.size()), Counter::kIsIterationInvariantRate | Counter::kInvert);
  }
};

template <sf::Real Scalar, sf::Activation F>
void value(benchmark::State& state) {
  Chunk<Scalar> chunk;
  chunk.measure(state, [&] { sf::activate<F>(sf::view(chunk.values)); });
}

template <sf::Real Scalar, sf::Activation F>
void value_and_derivative(benchmark::State& state) {
  Chunk<Scalar> chunk;
  chunk.measure(state, [&] { sf::activate<F>(sf::view(chunk.values), sf::view(chunk.derivatives)); });
}

BENCHMARK(value<float, sf::Identity>);
BENCHMARK(value<float, sf::ReLU>);
BENCHMARK(value<float, sf::Tanh>);
BENCHMARK(value<float, sf::SiLU>);
BENCHMARK(value<float, sf::Softplus>);
BENCHMARK(value<float, sf::LogSigmoid>);
BENCHMARK(value<double, sf::Identity>);
BENCHMARK(value<double, sf::ReLU>);
BENCHMARK(value<double, sf::Tanh>);
BENCHMARK(value<double, sf::SiLU>);
BENCHMARK(value<double, sf::Softplus>);
BENCHMARK(value<double, sf::LogSigmoid>);

BENCHMARK(value_and_derivative<float, sf::Identity>);
BENCHMARK(value_and_derivative<float, sf::ReLU>);
BENCHMARK(value_and_derivative<float, sf::Tanh>);
BENCHMARK(value_and_derivative<float, sf::SiLU>);
BENCHMARK(value_and_derivative<float, sf::Softplus>);
BENCHMARK(value_and_derivative<float, sf::LogSigmoid>);
BENCHMARK(value_and_derivative<double, sf::Identity>);
BENCHMARK(value_and_derivative<double, sf::ReLU>);
BENCHMARK(value_and_derivative<double, sf::Tanh>);
BENCHMARK(value_and_derivative<double, sf::SiLU>);
BENCHMARK(value_and_derivative<double, sf::Softplus>);
BENCHMARK(value_and_derivative<double, sf::LogSigmoid>);

}  // namespace
