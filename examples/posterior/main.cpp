/// Simulation-based inference: learns p(parameters | what was seen) from simulations alone, draws from it for several
/// observations, and checks whether it is calibrated.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <scorefield/file/model.hpp>
#include <scorefield/metric.hpp>
#include <scorefield/picture.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "../program.hpp"
#include "options.hpp"
#include "recipe.hpp"
#include "task.hpp"

namespace {

using namespace posterior;

/// Draws for each true parameter, and the bins that their ranks are counted in.
constexpr sf::Index draws_each = 149, bins = 15;

/// The ranks of the parameters of each pair among draws of their posterior: simulation-based calibration.
sf::RankHistogram ranks_of(const Model& model, const sf::Dataset<float>& pairs, const Options& options) {
  const sf::Index n = pairs.size(), k = pairs.condition_size();
  const sf::Matrix<float> seen = pairs.conditions().replicate(draws_each, 1).reshaped(k, n * draws_each);
  const auto draws = draw(model, seen, n * draws_each, options);
  sf::RankHistogram ranks(pairs.dimension(), draws_each, bins);
  for (sf::Index j = 0; j < n; ++j) ranks.add(pairs.samples().col(j), draws.middleCols(j * draws_each, draws_each));
  return ranks;
}

/// A panel for each parameter: bars within the grey band are as chance has them.
sf::Canvas picture(const sf::RankHistogram& ranks, const std::vector<std::string>& names) {
  const auto band = ranks.band();
  std::vector<sf::HistogramPanel> panels;
  for (std::size_t i = 0; i < names.size(); ++i)
    panels.push_back({ranks.heights(static_cast<sf::Index>(i)),
                      {0, double{draws_each + 1}},
                      "rank of " + names[i],
                      sf::AxisRange{static_cast<double>(band.low), static_cast<double>(band.high)}});
  return sf::histograms(panels);
}

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
