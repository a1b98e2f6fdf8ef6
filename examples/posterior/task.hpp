/// What there is to infer: pairs of parameters and what was seen to learn from, others to check with, and observations.
#pragma once

#include <algorithm>
#include <filesystem>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "options.hpp"
#include "simulator.hpp"

namespace posterior {

struct Observation {
  sf::Matrix<float> seen;  // k x 1
  std::string name;
};

struct Task {
  sf::Dataset<float> training;  // d x n given k x n
  sf::Dataset<float> held_out;  // a tenth of them, which tells when to stop
  sf::Dataset<float> check;     // 300
  std::vector<Observation> observations;
  std::vector<std::string> names;  // of the parameters, for pictures
};

/// Of pairs in no order the last are for the calibration, and a tenth of the others is held out, but no more than
/// 5,000.
inline Task split(const sf::Dataset<float>& pairs) {
  const auto part = [&](sf::Index first, sf::Index count) {
    return sf::Dataset<float>{pairs.samples().middleCols(first, count), pairs.conditions().middleCols(first, count)};
  };
  const sf::Index rest = pairs.size() - pairs_to_check, held_out = std::min<sf::Index>(5000, rest / 10);
  return {part(0, rest - held_out), part(rest - held_out, held_out), part(rest, pairs_to_check), {}, {}};
}

inline Task thrown_balls(sf::Seed seed) {
  auto task = split(simulate(50'000, seed));
  task.names = parameter_names;
  for (const float distance : {20.0f, 35.0f, 50.0f})
    task.observations.push_back(
        {sf::Matrix<float>{{distance}, {20.0f}}, sf::text("landed at ", distance, " m, 20 m/s")});
  return task;
}

inline Task simulated_elsewhere(const std::filesystem::path& folder) {
  auto task = split(read_pairs(folder));
  for (sf::Index i = 0; i < task.check.dimension(); ++i) task.names.push_back(sf::text("theta ", i + 1));
  for (sf::Index j = 0; j < 3; ++j)
    task.observations.push_back({task.check.conditions().col(j), sf::text("observation ", j + 1, " of the check")});
  return task;
}

inline Task read_task(const Options& options) {
  auto task = options.pairs.empty() ? thrown_balls(sf::Seed{options.seed}) : simulated_elsewhere(options.pairs);
  if (!options.observation.empty())
    task.observations = {{read_observation(options.observation, task.training.condition_size()),
                          options.observation.filename().string()}};
  return task;
}

}  // namespace posterior
