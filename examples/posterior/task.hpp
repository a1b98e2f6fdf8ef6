/// What there is to infer: pairs of parameters and what was seen to learn from, others to check with, and observations.
#pragma once

#include <algorithm>
#include <filesystem>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "../arguments.hpp"
#include "options.hpp"
#include "simulator.hpp"

namespace posterior {

/// Pairs that are looked at for the calibration alone.
inline constexpr sf::Index checked = 300;

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

/// An array's rows as columns. A number that is not finite is refused by its row.
inline sf::Matrix<float> read_finite(const std::filesystem::path& path) {
  auto numbers = sf::read_npy<float>(path);
  for (sf::Index j = 0; j < numbers.cols(); ++j)
    if (!numbers.col(j).allFinite())
      throw examples::UsageError(sf::text(path.string(), ": expected finite numbers, got a NaN or an infinity in row ",
                                          j, "; leave such rows out"));
  return numbers;
}

inline std::string shape(const sf::Matrix<float>& m) { return sf::text('(', m.cols(), ", ", m.rows(), ')'); }

inline sf::Dataset<float> read_pairs(const std::filesystem::path& folder) {
  const auto theta = read_finite(folder / "theta.npy"), x = read_finite(folder / "x.npy");
  constexpr sf::Index least = 2 * checked;
  if (theta.cols() != x.cols() || theta.cols() < least || theta.rows() < 1 || x.rows() < 1)
    throw examples::UsageError(sf::text("--pairs ", folder.string(),
                                        ": expected theta.npy (N, d) and x.npy (N, k), N from ", least, " on, got ",
                                        shape(theta), " and ", shape(x)));
  return {theta, x};
}

/// Of pairs in no order the last are for the calibration, and a tenth of the others is held out, but no more than
/// 5,000.
inline Task split(const sf::Dataset<float>& pairs) {
  const auto part = [&](sf::Index first, sf::Index count) {
    return sf::Dataset<float>{pairs.samples().middleCols(first, count), pairs.conditions().middleCols(first, count)};
  };
  const sf::Index rest = pairs.size() - checked, held_out = std::min<sf::Index>(5000, rest / 10);
  return {part(0, rest - held_out), part(rest - held_out, held_out), part(rest, checked), {}, {}};
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
  if (options.observation.empty()) return task;
  const auto seen = read_finite(options.observation);
  if (const sf::Index k = task.training.condition_size(); seen.rows() != k || seen.cols() != 1)
    throw examples::UsageError(sf::text("--observation ", options.observation.string(), ": expected shape (1, ", k,
                                        "), as a row of x.npy, got ", shape(seen)));
  task.observations = {{seen, options.observation.filename().string()}};
  return task;
}

}  // namespace posterior
