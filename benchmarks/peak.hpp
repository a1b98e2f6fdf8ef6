/// The most multiply-adds a second that a thread of this machine does: what the other benchmarks' shares refer to.
#pragma once

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>

#include "scorefield/core/product.hpp"
#include "scorefield/core/simd/packet.hpp"

namespace bench {

namespace sf = scorefield;

/// As many chains as hide the latency of a multiply-add: those of the tile of a product.
inline constexpr sf::Index chains = sf::detail::tile_columns<1>;

/// Floating-point operations of multiply_adds<Scalar>(links).
template <sf::Real Scalar>
double multiply_add_flops(sf::Index links) {
  return 2.0 * static_cast<double>(links * chains * sf::packet_size<Scalar>);
}

/// `links` multiply-adds in each of the chains, all in registers.
template <sf::Real Scalar>
void multiply_adds(sf::Index links) {
  auto factor = sf::broadcast(Scalar(0.75)), summand = sf::broadcast(Scalar(0.25));  // 1 is the fixed point
  benchmark::DoNotOptimize(factor);
  benchmark::DoNotOptimize(summand);
  sf::Packet<Scalar> chain[chains];
  sf::unroll<chains>([&](auto c) { chain[c] = sf::broadcast(static_cast<Scalar>(c + 2)); });
  for (sf::Index i = 0; i < links; ++i)
    sf::unroll<chains>([&](auto c) { chain[c] = sf::multiply_add(chain[c], factor, summand); });
  sf::unroll<chains>([&](auto c) { benchmark::DoNotOptimize(chain[c]); });
}

/// Floating-point operations a second of one thread, the best of 20 attempts of a millisecond or so; measured at the
/// first call.
template <sf::Real Scalar>
double peak() {
  static const double best = [] {
    using Clock = std::chrono::steady_clock;
    constexpr sf::Index links = 400'000;
    double fastest = 0;
    for (int attempt = 0; attempt < 20; ++attempt) {
      const auto start = Clock::now();
      multiply_adds<Scalar>(links);
      const std::chrono::duration<double> seconds = Clock::now() - start;
      fastest = std::max(fastest, multiply_add_flops<Scalar>(links) / seconds.count());
    }
    return fastest;
  }();
  return best;
}

/// Reports the FLOP/s of a benchmark that did `flops` floating-point operations in all its iterations, and as
/// peak_share their part of what `threads` threads can do; it is a plain ratio, the "/s" that is printed after it means
/// nothing.
template <sf::Real Scalar>
void report_flops(benchmark::State& state, double flops, int threads = 1) {
  state.counters["FLOP"] = benchmark::Counter(flops, benchmark::Counter::kIsRate);
  state.counters["peak_share"] = benchmark::Counter(flops / (threads * peak<Scalar>()), benchmark::Counter::kIsRate);
}

}  // namespace bench
