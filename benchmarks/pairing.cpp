// Pairing noise with data at the least cost, as optimal transport coupling does once a batch.
#include <benchmark/benchmark.h>
#include <scorefield/core/assignment.hpp>
#include <scorefield/core/random.hpp>
#include <scorefield/data/toy/two_moons.hpp>

namespace sf = scorefield;

namespace {

/// Squared distances of normal noise to two moons.
sf::Matrix<float> distances(sf::Index n) {
  const auto data = sf::two_moons<float>(n);
  sf::Matrix<float> noise(2, n), costs(n, n);
  sf::Random(sf::Seed{1}, "noise").normal(sf::view(noise), 0, 0);
  for (sf::Index j = 0; j < n; ++j) costs.col(j) = (noise.colwise() - data.col(j)).colwise().squaredNorm().transpose();
  return costs;
}

void assignment(benchmark::State& state) {
  const auto costs = distances(state.range(0));
  sf::Assignment<float> solver(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(solver.solve(costs).data());
}

}  // namespace

BENCHMARK(assignment)->ArgName("pairs")->Arg(64)->Arg(256)->Arg(1024);
