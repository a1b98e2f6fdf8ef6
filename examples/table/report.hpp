/// How near samples are to the data, in numbers and as a picture.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
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

/// The share of records as near to a training record as one in a hundred of these is to another, or nearer; of 2,000 of
/// each.
inline double share_of_copies(const sf::Matrix<double>& records, const sf::Matrix<double>& training) {
  const auto some = [](const sf::Matrix<double>& of) -> sf::Matrix<double> {
    return of.leftCols(std::min<sf::Index>(2000, of.cols()));
  };
  sf::Vector<double> own = sf::nearest_distances(some(training));
  std::ranges::sort(own);
  const auto distances = sf::nearest_distances(some(records), some(training));
  return (distances.array() <= own(own.size() / 100)).cast<double>().mean();
}

/// Held-out records tell how far from the training's true ones are by chance, which is the farther the fewer they are.
inline void print_report(const Compared& of) {
  std::printf("How far from the training records, 0 being the same:  %td samples  %td held out\n", of.samples.cols(),
              of.held_out.cols());
  const auto print = [](const std::string& what, double samples, double held_out) {
    std::printf("  %-48s  %8.3f  %8.3f\n", what.c_str(), samples, held_out);
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

  sf::Matrix<double> centred = of.training.cast<double>();
  centred.colwise() -= centred.rowwise().mean().eval();
  const sf::Vector<double> deviation = centred.rowwise().norm() / std::sqrt(static_cast<double>(centred.cols()));
  const auto scaled = [&](const sf::Matrix<float>& records) -> sf::Matrix<double> {
    return (deviation.array() > 0).select(deviation.cwiseInverse(), 0).asDiagonal() * records.cast<double>();
  };
  const auto training = scaled(of.training);
  print("share of near copies", share_of_copies(scaled(of.samples), training),
        share_of_copies(scaled(of.held_out), training));
}

/// Marginals and pairs of the first 12 columns, of as many samples as training records, at most 2,000.
inline sf::Canvas picture(const Compared& of) {
  auto names = of.columns.position_names();
  const auto shown = std::min<std::size_t>(12, names.size());
  const auto records = std::min<sf::Index>(2000, of.training.cols());
  const auto set = [&](const sf::Matrix<float>& all, const char* name) {
    return sf::PairsSet(
        of.columns.positions<float>(all.leftCols(std::min(records, all.cols()))).topRows(static_cast<sf::Index>(shown)),
        name);
  };
  names.resize(shown);
  const auto size = std::clamp<sf::Index>(1200 / static_cast<sf::Index>(shown), 100, 150);
  return sf::pairs({set(of.training, "data"), set(of.samples, "samples")},
                   {.names = std::move(names), .panel_size = size});
}

}  // namespace table
