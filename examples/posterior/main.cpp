/// Simulation-based inference: learns p(parameters | what was seen) from simulations alone, draws from it for several
/// observations, and checks whether it is calibrated.
#include <algorithm>
#include <cstdio>
#include <scorefield/file/model.hpp>
#include <scorefield/picture.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <vector>

#include "../program.hpp"
#include "calibration.hpp"
#include "options.hpp"
#include "recipe.hpp"
#include "task.hpp"

namespace {

using namespace posterior;

int run(const Options& options) {
  const auto task = read_task(options);
  const auto& folder = options.output;
  examples::prepare_output(folder);
  examples::say(sf::text("Learning p(", task.training.dimension(), " parameters | ", task.training.condition_size(),
                         " numbers seen) from ", task.training.size(), " pairs, into ", folder.string()));
  auto model = untrained(task.training, options.seed);
  train(model, task, options);
  sf::save(folder / "model.safetensors", model);

  std::vector<sf::PairsSet> posteriors;
  for (const auto& [seen, name] : task.observations)
    posteriors.emplace_back(draw(model, seen, options.samples, options), name);
  sf::write_npy(folder / "samples.npy", posteriors.front().samples.cast<float>());
  const auto shown = std::min<sf::Index>(8, task.training.dimension());  // more would be a very large picture
  for (auto& set : posteriors) set.samples.conservativeResize(shown, Eigen::NoChange);
  sf::write_png(folder / "posterior.png",
                sf::pairs(posteriors, {.names = {task.names.begin(), task.names.begin() + shown},
                                       .panel_size = shown > 4 ? 150 : 200}));

  const auto ranks = ranks_of(model, task.check, options);
  sf::write_png(folder / "calibration.png", picture(ranks, task.names));
  std::printf("Of %td counts of ranks %td are outside their 99 %% band; by chance %.1f would be.\n",
              ranks.counts().size(), ranks.outside(), 0.01 * static_cast<double>(ranks.counts().size()));
  std::printf("%s: model.safetensors, samples.npy, posterior.png, calibration.png\n", folder.string().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("posterior", [&] {
    const auto options = read_options(argc, argv);
    return options ? run(*options) : 0;
  });
}
