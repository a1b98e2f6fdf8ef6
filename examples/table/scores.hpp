/// The log density of records, by which those stand out that are not like the data.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <scorefield/file/csv.hpp>
#include <scorefield/likelihood/log_density.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "learning.hpp"
#include "options.hpp"

namespace table {

struct Scores {
  sf::Vector<double> log_density, standard_error;  // in nats
};

/// Of each record, given its conditions. Numbers that were rounded have a density as smooth as the model's only between
/// their steps: it is the mean over `drawn` errors of rounding.
inline Scores scores_of(const Model& model, const Columns& columns, const sf::Table& records, const Options& options) {
  constexpr int drawn = 8;
  const auto samples = columns.drawn.encode<float>(records.select(columns.drawn.names()));
  const auto given = columns.given.encode<float>(records.select(columns.given.names()));
  sf::DensityOptions how{.tolerance = 1e-3, .threads = options.threads};
  if (given.rows() > 0) how.condition = given;
  sf::Matrix<double> logs(drawn, samples.cols());
  for (int k = 0; k < drawn; ++k) {
    auto spread = samples;
    how.seed = sf::Seed{~options.seed - static_cast<std::uint64_t>(k)};  // others than the training's
    columns.drawn.dequantise(spread, how.seed);
    logs.row(k) = sf::log_density(model, spread, how).value.transpose();
  }
  Scores scores{sf::Vector<double>(samples.cols()), sf::Vector<double>(samples.cols())};
  for (sf::Index j = 0; j < samples.cols(); ++j) {
    const double highest = logs.col(j).maxCoeff();
    const sf::Vector<double> shares = (logs.col(j).array() - highest).exp();
    const double mean = shares.mean();
    scores.log_density(j) = highest + std::log(mean);
    scores.standard_error(j) = std::sqrt((shares.array() - mean).square().sum() / (drawn * (drawn - 1))) / mean;
  }
  return scores;
}

/// Leaves records with their scores as scores.csv, those first that are the least like the data, and prints some.
inline void write_scores(const Model& model, const Columns& columns, const sf::Table& records, const Options& options) {
  const auto n = records.rows.size();
  const auto scores = scores_of(model, columns, records, options);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t j) { return scores.log_density(static_cast<sf::Index>(j)); });
  sf::Table ranked{{"record", "log_density", "standard_error"}, {}};
  std::ranges::copy(records.names, std::back_inserter(ranked.names));
  for (const auto j : order) {
    const auto at = static_cast<sf::Index>(j);
    ranked.rows.push_back({sf::text(j + 1), sf::text(scores.log_density(at)), sf::text(scores.standard_error(at))});
    std::ranges::copy(records.rows[j], std::back_inserter(ranked.rows.back()));
  }
  sf::write_csv(options.output / "scores.csv", ranked);
  std::printf("The records that are the least like the data, of a median log density of %.2f:\n",
              scores.log_density(static_cast<sf::Index>(order[n / 2])));
  for (std::size_t k = 0; k < std::min<std::size_t>(10, n); ++k) {
    std::printf("  record %s: %s +- %s", ranked.rows[k][0].c_str(), ranked.rows[k][1].c_str(),
                ranked.rows[k][2].c_str());
    for (std::size_t i = 3; i < std::min<std::size_t>(9, ranked.names.size()); ++i)
      std::printf(", %s %s", ranked.names[i].c_str(), ranked.rows[k][i].c_str());
    std::printf("\n");
  }
}

}  // namespace table
