/// Programs whose whole output must be the same bits, whatever the threads and the batches: each of their works trains
/// a small model, draws samples by every sampler and writes the bytes of both.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <scorefield/scorefield.hpp>

namespace bits {

namespace sf = scorefield;

/// What must not change a bit.
struct Cut {
  int threads;
  sf::Index pieces;  // that samples are drawn in, one after the other
};

template <class Derived>
void write(const Eigen::DenseBase<Derived>& numbers) {
  const sf::Matrix<typename Derived::Scalar> values = numbers;
  std::fwrite(values.data(), sizeof(values(0)), static_cast<std::size_t>(values.size()), stdout);
}

template <class Model, class Sampler>
void draw(const Model& model, const Sampler& sampler, sf::Index count, const Cut& cut) {
  const sf::Chunks pieces{count, (count + cut.pieces - 1) / cut.pieces};
  for (sf::Index i = 0; i < pieces.pieces(); ++i)
    write(
        sf::sample(model, sampler, pieces.length(i), sf::Seed{5}, {.first = pieces.first(i), .threads = cut.threads}));
}

/// Trains the model, writes its parameters and draws from it by what users take first.
template <class Model, class Trainer>
Model train(Model model, const Trainer& trainer, const sf::Matrix<typename Model::Scalar>& data,
            sf::TrainingOptions options, sf::Index count, const Cut& cut) {
  options.threads = cut.threads;
  trainer.fit(model, data, options);
  write(model.parameters());
  draw(model, sf::DpmSolverPlusPlus{.steps = 16, .stochasticity = 1}, count, cut);
  return model;
}

/// Draws by all other samplers.
template <class Model>
void draw_in_all_ways(const Model& model, sf::Index count, const Cut& cut) {
  draw(model, sf::EulerMaruyama{.steps = 9}, count, cut);
  draw(model, sf::EulerMaruyama{.steps = 9, .t_last = 0.05, .stochasticity = 2}, count, cut);
  draw(model, sf::Ddim{.steps = 6}, count, cut);
  draw(model, sf::DpmSolverPlusPlus{.steps = 16}, count, cut);
}

template <class F>
struct Work {
  const char* name;
  F run;
};
template <class F>
Work(const char*, F) -> Work<F>;

/// PROGRAM WORK THREADS PIECES; works: name and function of a Cut, in turn. Without arguments it lists the names.
template <class... Works>
int run(int argc, char** argv, const Works&... works) {
  if (argc != 4) {
    (std::puts(works.name), ...);
    return argc == 1 ? 0 : 2;
  }
  const Cut cut{std::atoi(argv[2]), std::atoi(argv[3])};
  bool known = false;
  ((std::strcmp(argv[1], works.name) == 0 ? (works.run(cut), known = true) : false), ...);
  return known ? 0 : 2;
}

}  // namespace bits
