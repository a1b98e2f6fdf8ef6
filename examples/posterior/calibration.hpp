/// Whether posteriors are calibrated: the ranks of true parameters among draws (simulation-based calibration).
#pragma once

#include <algorithm>
#include <cstddef>
#include <scorefield/metric.hpp>
#include <scorefield/picture.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "recipe.hpp"

namespace posterior {

inline constexpr sf::Index draws_each = 149, bins = 15;

/// The ranks of the parameters of each pair among draws of their posterior given what was seen.
inline sf::RankHistogram ranks_of(const Model& model, const sf::Dataset<float>& pairs, const Options& options) {
  const sf::Index n = pairs.size(), k = pairs.condition_size();
  const sf::Matrix<float> seen = pairs.conditions().replicate(draws_each, 1).reshaped(k, n * draws_each);
  const auto draws = draw(model, seen, n * draws_each, options);
  sf::RankHistogram ranks(pairs.dimension(), draws_each, bins);
  for (sf::Index j = 0; j < n; ++j) ranks.add(pairs.samples().col(j), draws.middleCols(j * draws_each, draws_each));
  return ranks;
}

/// A panel for each parameter: bars within the grey band are as chance has them.
inline sf::Canvas picture(const sf::RankHistogram& ranks, const std::vector<std::string>& names) {
  const auto band = ranks.band();
  std::vector<sf::HistogramPanel> panels;
  for (std::size_t i = 0; i < names.size(); ++i)
    panels.push_back({ranks.heights(static_cast<sf::Index>(i)),
                      {0, double{draws_each + 1}},
                      "rank of " + names[i],
                      sf::AxisRange{static_cast<double>(band.low), static_cast<double>(band.high)}});
  return sf::histograms(panels);
}

}  // namespace posterior
