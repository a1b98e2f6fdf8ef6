/// Pictures of a density: the model's beside the truth or the data, its score field, and how it comes out of noise.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <scorefield/likelihood/log_density.hpp>
#include <scorefield/picture/heat_map.hpp>
#include <scorefield/scorefield.hpp>
#include <vector>

#include "../program.hpp"
#include "learning.hpp"

namespace density {

/// From this much below the highest log density on, all is white.
inline constexpr double depth = 8;

/// What a picture shows of the plane, and the scale of its log densities.
struct View {
  sf::AxisRange across, up, scale;
};

/// The log density of Swiss rolls as sf::swiss_roll draws them, as the mean of normal distributions along the roll.
inline sf::Vector<double> true_log_density(const sf::Matrix<double>& points) {
  constexpr sf::Index along = 4000;  // a hundredth of the noise's deviation apart, three at the outer end
  sf::Matrix<double> roll(2, along);
  for (sf::Index i = 0; i < along; ++i) {
    const double t = 1.5 * std::numbers::pi * (1 + 2 * (static_cast<double>(i) + 0.5) / along);
    roll.col(i) << t * std::cos(t) / 10, t * std::sin(t) / 10;
  }
  const double variance = 0.01;
  sf::Vector<double> logs(points.cols());
  for (sf::Index j = 0; j < points.cols(); ++j) {
    const auto squares = (roll.colwise() - points.col(j)).colwise().squaredNorm().array();
    const double nearest = squares.minCoeff();
    logs(j) = std::log(((nearest - squares) / (2 * variance)).exp().mean()) - nearest / (2 * variance) -
              std::log(2 * std::numbers::pi * variance);
  }
  return logs;
}

inline sf::Vector<double> log_densities(const Model& model, const sf::Matrix<double>& points, double t,
                                        const Options& options) {
  return sf::log_density(model, points.cast<float>(), {.tolerance = 1e-3, .t = t, .threads = options.threads}).value;
}

/// The score where the noise is a tenth of the data's deviation, at a coarse grid, by the picture's own units: its
/// sides. Arrows are half a step of the grid long where the score has its median length, and hardly a whole one where
/// it is far longer.
inline sf::Matrix<double> score_arrows(const Model& model, const View& view) {
  constexpr sf::Index side = 24;
  const auto points = sf::heat_map_points(side, view.across, view.up);
  const float t = sf::time_of_half_log_snr(model.sde(), std::log(10.0));
  const Eigen::Array2d sides{view.across.high - view.across.low, view.up.high - view.up.low};
  sf::Matrix<double> score = model.score(points.cast<float>(), t).cast<double>();
  score.array().colwise() *= sides;
  sf::Vector<double> lengths = score.colwise().norm();
  std::ranges::sort(lengths);
  const double median = lengths(lengths.size() / 2);
  for (sf::Index j = 0; j < score.cols(); ++j) score.col(j) /= side * (score.col(j).norm() + median);
  score.array().colwise() *= sides;
  sf::Matrix<double> arrows(4, points.cols());
  arrows << points, score;
  return arrows;
}

/// All data, with a tenth more on either side; with one scale on both axes, unless one extent is three times the other.
/// Throws UsageError for data that are all alike.
inline View view_of(const sf::Dataset<float>& data) {
  const sf::Vector<double> low = data.samples().rowwise().minCoeff().cast<double>(),
                           high = data.samples().rowwise().maxCoeff().cast<double>();
  sf::Vector<double> extent = high - low;
  if (!(extent.minCoeff() > 0)) throw examples::UsageError("--data: expected points of two different numbers a column");
  if (extent.maxCoeff() < 3 * extent.minCoeff()) extent.setConstant(extent.maxCoeff());
  const auto range = [&](sf::Index row) -> sf::AxisRange {
    const double middle = (low(row) + high(row)) / 2;
    return {middle - 0.6 * extent(row), middle + 0.6 * extent(row)};
  };
  return {range(0), range(1), {}};
}

inline View with_scale(View view, const Model& model, const sf::Dataset<float>& data, const Options& options) {
  const auto some = data.samples().leftCols(std::min<sf::Index>(500, data.size())).cast<double>();
  const double highest = log_densities(model, some, 0, options).maxCoeff();
  view.scale = {highest - depth, highest};
  return view;
}

inline sf::HeatMapOptions shown(const View& view) {
  return {.across = view.across, .up = view.up, .scale = view.scale};
}

/// The model's log density with its score field, and beside it the true one, if this is known, or the data.
inline sf::Canvas still(const Model& model, const sf::Dataset<float>& data, bool known, const View& view,
                        const Options& options) {
  const auto points = sf::heat_map_points(180, view.across, view.up);
  const sf::HeatPanel learnt{log_densities(model, points, 0, options), "log density"};
  auto with_score = learnt, beside = learnt;
  with_score.title = "score at a little noise";
  with_score.arrows = score_arrows(model, view);
  if (known) {
    beside = {true_log_density(points), "true log density"};
  } else {
    beside = {sf::Vector<double>::Constant(1, view.scale.low), "data"};
    beside.points = data.samples().cast<double>();
  }
  return sf::heat_map({learnt, with_score, beside}, shown(view));
}

/// The density from noise at t = 1 to data, on a coarser grid. The interrupt ends it early.
inline std::vector<sf::Canvas> movie(const Model& model, View view, const Options& options,
                                     const sf::Interrupt& interrupt) {
  constexpr int frames = 30;
  const auto points = sf::heat_map_points(72, view.across, view.up);
  std::vector<sf::Canvas> all;
  for (int i = 0; i <= frames && !interrupt.came(); ++i) {
    const double t = 0.96 * std::pow(1 - static_cast<double>(i) / frames, 2);
    const auto values = log_densities(model, points, t, options);
    view.scale = {values.maxCoeff() - depth, values.maxCoeff()};
    all.push_back(sf::heat_map({{values, sf::text("t = ", std::round(1000 * t) / 1000)}}, shown(view)));
  }
  return all;
}

}  // namespace density
