/// How near samples are to the data, in numbers and as a picture.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <scorefield/data/table_columns.hpp>
#include <scorefield/metric.hpp>
#include <scorefield/picture.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>

namespace table {

namespace sf = scorefield;

/// Records as numbers, a column each (TableColumns::encode).
struct Compared {
  const sf::TableColumns& columns;
  sf::Matrix<float> training, held_out, samples;
};

/// The share of records nearer to a training record than one in a hundred of these is to another, in deviations; of at
/// most 2,000 of each.
inline double share_of_copies(const sf::Matrix<double>& records, const sf::Matrix<double>& training) {
  constexpr sf::Index most = 2000;
  sf::Vector<double> own = sf::nearest_distances(training.leftCols(std::min(most, training.cols())));
  std::ranges::sort(own);
  const auto distances = sf::nearest_distances(records.leftCols(std::min(most, records.cols())), training);
  return (distances.array() < own(own.size() / 100)).cast<double>().mean();
}

/// Held-out records tell how far from the training's true ones are by chance.
inline void print_report(const Compared& of) {
  std::printf("How far from the training records   samples   held-out records\n");
  const auto print = [](const std::string& what, double samples, double held_out) {
    std::printf("  %-32s  %7.3f  %7.3f\n", what.c_str(), samples, held_out);
  };
  const auto names = of.columns.row_names();
  const auto apart = sf::kolmogorov_smirnov(of.samples, of.training);
  const auto by_chance = sf::kolmogorov_smirnov(of.held_out, of.training);
  for (std::size_t i = 0; i < names.size(); ++i)
    print(names[i], apart(static_cast<sf::Index>(i)), by_chance(static_cast<sf::Index>(i)));

  const auto correlations = sf::correlation(of.training);
  const auto farthest = [&](const sf::Matrix<float>& records) {
    return (sf::correlation(records) - correlations).cwiseAbs().maxCoeff();
  };
  print("correlations, at most", farthest(of.samples), farthest(of.held_out));

  const sf::Vector<float> scale = (of.training.colwise() - of.training.rowwise().mean())
                                      .rowwise()
                                      .stableNorm()
                                      .cwiseMax(std::numeric_limits<float>::min())
                                      .cwiseInverse();
  const auto scaled = [&](const sf::Matrix<float>& records) -> sf::Matrix<double> {
    return (scale.asDiagonal() * records).cast<double>();
  };
  const auto training = scaled(of.training);
  print("share of near copies", share_of_copies(scaled(of.samples), training),
        share_of_copies(scaled(of.held_out), training));
}

/// Marginals and pairs of the first 14 numbers, of as many samples as training records, at most 2,000.
inline sf::Canvas picture(const Compared& of, sf::Seed seed) {
  const auto shown = std::min<sf::Index>(14, of.columns.dimension());
  const auto records = std::min<sf::Index>(2000, of.training.cols());
  const auto set = [&](const sf::Matrix<float>& all, const char* name) {
    sf::Matrix<float> some = all.leftCols(std::min(records, all.cols()));
    of.columns.dequantise(some, seed);  // whole numbers would hide each other
    return sf::PairsSet(some.topRows(shown), name);
  };
  auto names = of.columns.row_names();
  names.resize(static_cast<std::size_t>(shown));
  return sf::pairs({set(of.training, "data"), set(of.samples, "samples")},
                   {.names = std::move(names), .panel_size = std::clamp<sf::Index>(1200 / shown, 85, 150)});
}

}  // namespace table
