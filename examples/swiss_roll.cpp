/// Trains a score model on the Swiss roll, draws from it, and leaves samples, losses and pictures in a folder.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <scorefield/core/parallel/communicator.hpp>
#include <scorefield/picture.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "animation.hpp"
#include "arguments.hpp"
#include "processes.hpp"
#include "program.hpp"

namespace sf = scorefield;

namespace {

/// Of the time from noise to data, between which samples are looked at.
constexpr int intervals = 60;

/// How to train. The full recipe is the tutorials': raw weights at a constant learning rate. The default needs fewer
/// steps, because a falling learning rate and a moving average settle the weights.
struct Recipe {
  sf::TrainingOptions training;
  sf::Adam adam;
  sf::CosineRate rate;
};

Recipe named_recipe(const std::string& name) {
  if (name == "full") return {{.epochs = 150'000, .short_batches = true}, {.learning_rate = 3e-4}, {.last = 1}};
  if (name == "default")
    return {{.steps = 300'000, .average = sf::ExponentialMovingAverage{0.9995}}, {.learning_rate = 2e-3}, {.last = 0}};
  throw examples::UsageError("--recipe: expected default or full, got '" + name + "'");
}

/// Beyond that, memory would run out.
void check_range(const char* name, sf::Index value) {
  constexpr sf::Index most = 1'000'000;
  if (value < 1 || value > most)
    throw examples::UsageError(sf::text("--", name, ": expected 1 to ", most, ", got ", value));
}

void write_losses(const std::filesystem::path& path, const sf::History& history) {
  std::string lines = "step,epoch,loss\n";
  for (const auto& row : history.rows()) lines += sf::text(row.step, ",", row.epoch, ",", row.loss, "\n");
  examples::write_text(path, lines);
}

/// Draws the samples and keeps them as they were at equidistant times from noise at 1 to data at 0, both included.
/// Ranks share them, and all have all.
template <class Model>
std::vector<sf::ScatterPanel> draw(const Model& model, const sf::EulerMaruyama& sampler, sf::Index count, sf::Seed seed,
                                   sf::SampleOptions options, sf::Communicator* communicator,
                                   sf::Matrix<float>& samples) {
  std::vector<sf::ScatterPanel> evolution;
  auto own = sf::own_range(communicator, count);
  if (own.count == 0) own = {0, 1};  // drawn for nobody, to keep step with the others
  options.first = own.first;
  auto stepper = sf::start(model, sampler, own.count, seed, options);
  for (int i = 0; i <= intervals; ++i) {
    const float time = 1 - static_cast<float>(i) / intervals;
    while (!stepper.done() && stepper.time() > time) stepper.step();
    samples = sf::gathered(communicator, count, [&](sf::Index, sf::Index) { return stepper.samples(); });
    evolution.emplace_back(samples, sf::text("t = ", std::round(100 * stepper.time()) / 100));
  }
  return evolution;
}

sf::Canvas still(const std::vector<sf::ScatterPanel>& evolution) {
  std::vector<sf::ScatterPanel> panels;
  for (const double time : {1.0, 0.75, 0.5, 0.25, 0.1, 0.0})
    panels.push_back(evolution[static_cast<std::size_t>(std::lround((1 - time) * intervals))]);
  return sf::scatter(panels, {.panel_size = 220});
}

std::vector<sf::Canvas> animation(const std::vector<sf::ScatterPanel>& evolution) {
  std::vector<sf::Canvas> frames;
  for (const auto& panel : evolution) frames.push_back(sf::scatter({panel}, {.range = sf::AxisRange{-3, 3}}));
  return frames;
}

int run(int argc, char** argv, examples::Ranks communicator) {
  const bool first_rank = sf::is_first_rank(communicator);  // which alone writes and tells
  std::string recipe_name = "default", output = "swiss_roll";
  std::optional<sf::Index> epochs, steps;
  sf::Index batch = 256, points = 10'000, sampler_steps = 999;
  std::optional<double> learning_rate;
  std::uint64_t seed = 0;
  int threads = 0;

  examples::Arguments arguments;
  arguments.word("recipe", recipe_name, "NAME", "default: about a minute on two cores; full: 600,000 steps");
  arguments.number("epochs", epochs, "passes over the 1,000 points (default: the recipe's)");
  arguments.number("steps", steps, "training steps, in place of epochs");
  arguments.number("batch", batch, "points in a training step (default 256)");
  arguments.number("learning-rate", learning_rate, "of Adam, at its highest (default: the recipe's)");
  arguments.number("samples", points, "points to draw (default 10000)");
  arguments.number("sampler-steps", sampler_steps, "Euler-Maruyama steps (default 999)");
  arguments.number("seed", seed, "of data, weights, training and samples (default 0)");
  arguments.number("threads", threads, "0: all (default); never changes a result");
  arguments.word("output", output, "DIR", "folder for the results (default swiss_roll)");
  if (!arguments.read(argc, argv)) {
    if (first_rank)
      std::printf("Trains a score model on the Swiss roll and draws from it.\n\nusage: swiss_roll [options]\n\n%s",
                  arguments.help().c_str());
    return 0;
  }

  Recipe recipe = named_recipe(recipe_name);
  if (epochs) check_range("epochs", *epochs);
  if (steps) check_range("steps", *steps);
  if (epochs || steps) {
    recipe.training.epochs = epochs.value_or(0);
    recipe.training.steps = steps.value_or(0);
  }
  if (learning_rate) recipe.adam.learning_rate = *learning_rate;
  recipe.training.batch_size = batch;
  recipe.training.seed = seed;
  recipe.training.threads = threads;

  const sf::Dataset<float> data = sf::swiss_roll<float>(1000, {.seed = seed});
  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 64, 64, 64>{}, sf::Seed{seed}};
  const auto trainer = sf::Trainer{sf::DenoisingScoreMatching{}, recipe.adam, recipe.rate}.over(communicator);
  const sf::EulerMaruyama sampler{.steps = sampler_steps};
  const sf::SampleOptions sampling{.threads = threads};

  // Whatever cannot work is to be known before the training.
  check_range("samples", points);
  check_range("sampler-steps", sampler_steps);
  const std::filesystem::path folder = output;
  trainer.start(model, data, recipe.training);
  sf::start(model, sampler, points, sf::Seed{seed}, sampling);
  if (first_rank) examples::prepare_output(folder);

  sf::History history(1000);
  trainer.fit(model, data, recipe.training, sf::ProgressBar{}, history);

  sf::Matrix<float> samples;
  const auto evolution = draw(model, sampler, points, sf::Seed{seed}, sampling, communicator, samples);
  if (!first_rank) return 0;

  sf::write_npy(folder / "training.npy", data.samples());
  sf::write_npy(folder / "samples.npy", samples);
  write_losses(folder / "loss.csv", history);
  sf::write_png(folder / "swiss_roll.png", sf::scatter({{data.samples(), "training data"}, {samples, "samples"}}));
  sf::write_png(folder / "evolution.png", still(evolution));
  const bool animated = examples::write_animation(folder / "evolution.gif", animation(evolution));
  std::printf("%s: samples.npy, training.npy, loss.csv, swiss_roll.png, evolution.png%s\n", folder.string().c_str(),
              animated ? ", evolution.gif" : "");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_processes("swiss_roll", argc, argv,
                                 [&](auto communicator) { return run(argc, argv, communicator); });
}
