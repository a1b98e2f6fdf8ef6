/// Learns a diffusion policy from demonstrations of a point that passes an obstacle on either side, lets it go to goals
/// of its own, and tells how often it gets there.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <scorefield/file/model.hpp>
#include <scorefield/picture.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>

#include "../arguments.hpp"
#include "../program.hpp"
#include "pictures.hpp"
#include "policy.hpp"
#include "world.hpp"

namespace {

using namespace policy;

struct Options {
  sf::TrainingOptions training{.steps = 9000, .batch_size = 128, .average = sf::ExponentialMovingAverage{0.999}};
  sf::Index demonstrations = 500, starts = 500;
  std::string output = "policy", load;
};

void check_range(const char* name, sf::Index value) {
  constexpr sf::Index most = 1'000'000;
  if (value < 1 || value > most)
    throw examples::UsageError(sf::text("--", name, ": expected 1 to ", most, ", got ", value));
}

/// Nothing where help was asked for, which is then printed.
std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  examples::Arguments arguments;
  arguments.number("steps", options.training.steps, "training steps (default 9000)");
  arguments.number("demonstrations", options.demonstrations, "to learn from and to show (default 500)");
  arguments.number("starts", options.starts, "from which the policy goes to a goal (default 500)");
  arguments.number("seed", options.training.seed.value, "of demonstrations, weights, training and draws (default 0)");
  arguments.number("threads", options.training.threads, "0: all (default); never changes a result");
  arguments.word("output", options.output, "DIR", "folder for the results (default policy)");
  arguments.word("load", options.load, "FILE", "goes by this model.safetensors, without any training");
  if (!arguments.read(argc, argv)) {
    std::printf("Learns a diffusion policy from demonstrations, and lets it go.\n\nusage: policy [options]\n\n%s",
                arguments.help().c_str());
    return {};
  }
  if (!options.load.empty() && options.training.steps != Options{}.training.steps)
    throw examples::UsageError("--load and --steps: a model that is loaded is not trained; leave one of them out");
  check_range("steps", options.training.steps);
  check_range("demonstrations", options.demonstrations);
  check_range("starts", options.starts);
  return options;
}

/// The median time in milliseconds of a draw of the next positions, one at a time on one thread.
double draw_time(const Model& model, const sf::Matrix<float>& task) {
  std::array<double, 501> times;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    sf::sample(model, sampler, 1, sf::Seed{i}, {.threads = 1, .condition = seen(task, 0, task)});
    times[i] = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  }
  std::ranges::nth_element(times, times.begin() + 250);
  return times[250];
}

void report(const sf::Matrix<float>& tasks, const sf::Matrix<float>& paths) {
  int touched = 0, arrived = 0, succeeded = 0, left = 0, as_good = 0, left_as_good = 0;
  for (sf::Index j = 0; j < paths.cols(); ++j) {
    const Point start = tasks.col(j).head<2>(), goal = tasks.col(j).tail<2>(), end = paths.col(j).tail<2>();
    const auto [clearance, on_the_left] = passage(paths.col(j));
    const bool touches = clearance <= 0, arrives = (end - goal).norm() <= goal_radius;
    touched += touches, arrived += arrives, succeeded += arrives && !touches, left += on_the_left;
    if (std::abs(detour_on_the_left(start, goal)) < 0.1f) ++as_good, left_as_good += on_the_left;
  }
  const auto n = static_cast<int>(paths.cols());
  std::printf("%.1f %% of %d starts reach their goal without touching the obstacle: %d touch it, %d do not arrive\n",
              100.0 * succeeded / n, n, touched, n - arrived);
  std::printf("%.0f %% pass on the left; of the %d with sides as long, within 10 cm, %d do, and %d pass on the right\n",
              100.0 * left / n, as_good, left_as_good, as_good - left_as_good);
}

int run(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  if (!options) return 0;
  const std::filesystem::path folder = options->output;
  const auto& training = options->training;
  examples::prepare_output(folder);

  const auto shown = tasks(options->demonstrations, training.seed, "demonstrations");
  const auto demonstrated = demonstrations(shown, training.seed);
  const auto data = windows(demonstrated, shown, training.seed);
  auto model = options->load.empty() ? untrained(data, training.seed) : sf::load<Model>(options->load);
  if (model.dimension() != data.dimension())
    throw examples::UsageError("--load " + options->load + ": expected a policy of 16 positions of two numbers");
  if (options->load.empty()) trainer.fit(model, data, training, sf::ProgressBar{});

  const auto asked = tasks(options->starts, training.seed, "starts");
  const auto paths = roll_out(model, asked, training.seed, training.threads);
  report(asked, paths);
  std::printf("a draw of the next 16 positions takes %.2f ms on one thread\n", draw_time(model, asked.leftCols(1)));

  sf::save(folder / "model.safetensors", model);
  sf::write_npy(folder / "rollouts.npy", paths, {.height = 1 + most_moves, .width = 2, .channels = 1});
  sf::write_png(folder / "policy.png", picture(demonstrated, model, paths));
  std::printf("%s: model.safetensors, rollouts.npy, policy.png\n", folder.string().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("policy", [&] { return run(argc, argv); });
}
