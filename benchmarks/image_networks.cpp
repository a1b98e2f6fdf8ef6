/// A training step and the score of networks on images of 28 x 28, here random ones: their content changes no time.
#include <cstddef>
#include <initializer_list>
#include <scorefield/core/chunks.hpp>
#include <scorefield/core/parallel/parallel_for.hpp>
#include <scorefield/data.hpp>
#include <scorefield/model.hpp>
#include <scorefield/network.hpp>
#include <scorefield/objective.hpp>
#include <scorefield/optimizer.hpp>
#include <scorefield/sde.hpp>
#include <scorefield/training.hpp>
#include <stdexcept>
#include <vector>

#include "peak.hpp"

namespace {

namespace sf = scorefield;

constexpr sf::Index batch = 64;

/// 1,024 of uniform numbers.
sf::Dataset<float> images() {
  sf::Matrix<float> samples(28 * 28, 1024);
  sf::Random(sf::Seed{0}, "benchmark").uniform(sf::view(samples), 0, 0);
  return samples;
}

/// Floating-point operations of a network's products for an image, forward; `pixels` has for each weight, in the order
/// of its pieces, how often it is applied.
template <class Model>
double flops(const Model& model, std::initializer_list<double> pixels) {
  double all = 0;
  auto applied = pixels.begin();
  for (const auto& piece : model.network().layout().pieces())
    if (piece.cols > 1) {
      if (applied == pixels.end()) throw std::logic_error("a weight more than the benchmark knows");
      all += 2 * static_cast<double>(piece.size()) * *applied++;
    }
  if (applied != pixels.end()) throw std::logic_error("a weight less than the benchmark knows");
  return all;
}

struct TutorialUNet {
  static auto model(const sf::Dataset<float>&) {
    return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::TutorialUNet<float>{}, sf::Seed{0}};
  }
  static constexpr std::initializer_list<double> pixels{784, 196, 49, 16, 4, 4, 16, 49, 196, 784, 784};
};

struct UNet {
  static auto model(const sf::Dataset<float>& data) {
    const sf::UNet<float> network({28, 28, 1}, {.widths = {48, 96}, .fold = 2, .heads = 2});
    return sf::ScoreModel{sf::VariancePreserving<float>{}, network, sf::LinearDenoiserCorrection<float>::fit(data),
                          sf::Seed{0}};
  }
  // The time; the first convolution and block, with their modulation; down; a block, the maps of attention and a block;
  // up; a block with a shortcut; the last convolution. Attention itself, a hundredth of the rest, is not counted.
  static constexpr std::initializer_list<double> pixels{1,  1,  196, 196, 1,  196, 49,  49, 1,   49,  49, 49,
                                                        49, 49, 49,  1,   49, 49,  196, 1,  196, 196, 196};
};

template <class Of>
void image_training_step(benchmark::State& state) {
  const auto threads = static_cast<int>(state.range(0));
  const auto data = images();
  const auto model = Of::model(data);
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 3e-4}};
  auto run = trainer.start(model, data, {.steps = sf::Index{1} << 40, .batch_size = batch, .threads = threads});
  for (auto _ : state) run.advance();
  state.counters["parameters"] = static_cast<double>(model.parameters().size());
  bench::report_flops<float>(state, 3.0 * static_cast<double>(state.iterations() * batch) * flops(model, Of::pixels),
                             threads);
}

/// In chunks, on threads.
template <class Of>
void image_score(benchmark::State& state) {
  const sf::Index count = state.range(0);
  const auto threads = static_cast<int>(state.range(1));
  const auto data = images();
  const auto model = Of::model(data);
  sf::NoiseLevels<float> levels(model.chunk_size());
  levels.fill(model.chunk_size(), model.sde(), 0.5f);
  sf::Matrix<float> score(model.dimension(), count);
  const sf::Chunks chunks{count, model.chunk_size()};
  std::vector<decltype(model.workspace())> workspaces;
  for (int i = 0; i < threads; ++i) workspaces.push_back(model.workspace());
  for (auto _ : state) {
    sf::parallel_for(chunks.pieces(), threads, [&](sf::Index i, int worker) {
      const sf::Index first = chunks.first(i), n = chunks.length(i);
      model.score(levels.around(sf::columns(data.samples(), first, n)), sf::columns(score, first, n),
                  workspaces[static_cast<std::size_t>(worker)]);
    });
    benchmark::ClobberMemory();
  }
  state.counters["parameters"] = static_cast<double>(model.parameters().size());
  bench::report_flops<float>(state, static_cast<double>(state.iterations() * count) * flops(model, Of::pixels),
                             threads);
}

void threads(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime();
}

void counts(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"images", "threads"})->Args({64, 1})->Args({64, 2})->Args({1, 1})->UseRealTime();
}

BENCHMARK(image_training_step<TutorialUNet>)->Apply(threads);
BENCHMARK(image_training_step<UNet>)->Apply(threads);
BENCHMARK(image_score<TutorialUNet>)->Apply(counts);
BENCHMARK(image_score<UNet>)->Apply(counts);

}  // namespace
