/// The layer that everything spends its time in, 64 -> 64 on a chunk of 64 columns, and its three products alone.
#include <scorefield/layer.hpp>

#include "peak.hpp"

namespace {

namespace sf = scorefield;

constexpr sf::Index width = 64, chunk = 64;
constexpr double product_flops = 2.0 * width * width * chunk;

/// An operand to read only.
template <class M>
auto in(const M& m) {
  return sf::view(m);
}

/// A layer on a chunk, and what its calls take.
template <sf::Real Scalar, sf::Activation F>
struct Setup {
  using Layer = sf::Dense<Scalar, F, width, width>;
  Layer layer;
  sf::Vector<Scalar> p{layer.parameter_count()}, g = sf::Vector<Scalar>::Zero(layer.parameter_count());
  sf::Matrix<Scalar> x{width, chunk}, y{width, chunk}, upstream{width, chunk}, dy{width, chunk}, dx{width, chunk};
  sf::ConstMatrixView<Scalar> none{nullptr, 0, 0};  // no context, and no gradient by one
  sf::MatrixView<Scalar> no_gradient{nullptr, 0, 0};
  typename Layer::Workspace workspace = layer.workspace(chunk);

  Setup() {
    const sf::Random random(sf::Seed{0}, "benchmark");
    layer.initialise(sf::view(p), random, 0);
    random.normal(sf::view(x), 0, 1);
    random.normal(sf::view(upstream), 0, 2);
  }

  void evaluate() { layer.evaluate(in(p), in(x), none, sf::view(y), workspace); }
  void forward() { layer.forward(in(p), in(x), none, sf::view(y), workspace); }
  void backward() {
    dy = upstream;  // scratch afterwards
    layer.backward(in(p), in(x), none, in(y), sf::view(dy), sf::view(dx), no_gradient, sf::view(g), workspace);
  }
};

/// Runs `work` until the time is up.
template <sf::Real Scalar, class Work>
void measure(benchmark::State& state, double flops, const Work& work) {
  for (auto _ : state) {
    work();
    benchmark::ClobberMemory();
  }
  bench::report_flops<Scalar>(state, static_cast<double>(state.iterations()) * flops);
}

template <sf::Real Scalar, sf::Activation F>
void dense_evaluate(benchmark::State& state) {
  Setup<Scalar, F> s;
  measure<Scalar>(state, product_flops, [&] { s.evaluate(); });
}

template <sf::Real Scalar, sf::Activation F>
void dense_forward(benchmark::State& state) {
  Setup<Scalar, F> s;
  measure<Scalar>(state, product_flops, [&] { s.forward(); });
}

template <sf::Real Scalar, sf::Activation F>
void dense_backward(benchmark::State& state) {
  Setup<Scalar, F> s;
  s.forward();
  measure<Scalar>(state, 2 * product_flops, [&] { s.backward(); });
}

/// Random operands, width x width and width x chunk, and room for the product.
template <sf::Real Scalar>
struct Operands {
  sf::Matrix<Scalar> left{width, width}, right{width, chunk}, product = sf::Matrix<Scalar>::Zero(width, chunk);
  sf::Vector<Scalar> bias = sf::Vector<Scalar>::Ones(width);
  sf::ProductRoom<Scalar> room;

  Operands() {
    const sf::Random random(sf::Seed{0}, "benchmark");
    random.normal(sf::view(left), 0, 0);
    random.normal(sf::view(right), 0, 1);
    room.reserve(width, width, chunk);
    room.reserve_left_transposed(width, width, chunk);
    room.reserve_right_transposed(width, chunk, width);
  }
};

template <sf::Real Scalar>
void product_with_bias(benchmark::State& state) {
  Operands<Scalar> o;
  measure<Scalar>(state, product_flops,
                  [&] { sf::multiply_add_bias(in(o.left), in(o.right), o.bias.data(), sf::view(o.product), o.room); });
}

template <sf::Real Scalar>
void product(benchmark::State& state) {
  Operands<Scalar> o;
  measure<Scalar>(state, product_flops,
                  [&] { sf::multiply_left_transposed(in(o.left), in(o.right), sf::view(o.product), o.room); });
}

template <sf::Real Scalar>
void product_transposed(benchmark::State& state) {
  Operands<Scalar> o;
  measure<Scalar>(state, product_flops,
                  [&] { sf::add_multiply_right_transposed(in(o.left), in(o.right), sf::view(o.product), o.room); });
}

BENCHMARK(dense_evaluate<float, sf::Identity>);
BENCHMARK(dense_evaluate<float, sf::LogSigmoid>);
BENCHMARK(dense_forward<float, sf::Identity>);
BENCHMARK(dense_forward<float, sf::LogSigmoid>);
BENCHMARK(dense_backward<float, sf::Identity>);
BENCHMARK(dense_backward<float, sf::LogSigmoid>);
BENCHMARK(product_with_bias<float>);
BENCHMARK(product<float>);
BENCHMARK(product_transposed<float>);

BENCHMARK(dense_evaluate<double, sf::Identity>);
BENCHMARK(dense_evaluate<double, sf::LogSigmoid>);
BENCHMARK(dense_forward<double, sf::Identity>);
BENCHMARK(dense_forward<double, sf::LogSigmoid>);
BENCHMARK(dense_backward<double, sf::Identity>);
BENCHMARK(dense_backward<double, sf::LogSigmoid>);
BENCHMARK(product_with_bias<double>);
BENCHMARK(product<double>);
BENCHMARK(product_transposed<double>);

}  // namespace
