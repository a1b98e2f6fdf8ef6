/// Pictures of a density: the model's beside the truth or the data, its score field, and how it comes out of noise.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <scorefield/likelihood/log_density.hpp>
#include <scorefield/picture/heat_map.hpp>
#include <scorefield/picture/scatter.hpp>
#include <scorefield/scorefield.hpp>
#include <vector>

#include "../program.hpp"
#include "learning.hpp"

namespace density {

/// From this much below the highest log density on, all is white.
inline constexpr double depth = 8;

/// The square around the data that is shown.
inline sf::AxisRange range_of(const sf::Dataset<float>& data) {
  const double most = static_cast<double>(data.samples().cwiseAbs().maxCoeff());
  return {-1.2 * most, 1.2 * most};
}

/// The log density of Swiss rolls as sf::swiss_roll draws them, as the mean of normal distributions along the roll.
inline sf::Vector<double> true_log_density(const sf::Matrix<double>& points) {
  constexpr sf::Index along = 4000;  // a hundredth of the noise's deviation apart, or two at the outer end
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

/// The score where the noise is a tenth of the data's deviation, at a coarse grid. Arrows are as long as half the step
/// of the grid where the score has its median length, and nearly as a whole one where it is far longer.
inline sf::Matrix<double> score_arrows(const Model& model, const sf::AxisRange& range) {
  constexpr sf::Index side = 24;
  const auto points = sf::heat_map_points(side, range);
  const float t = sf::time_of_half_log_snr(model.sde(), std::log(10.0));
  sf::Matrix<double> score = model.score(points.cast<float>(), t).cast<double>();
  sf::Vector<double> lengths = score.colwise().norm();
  std::ranges::sort(lengths);
  const double median = lengths(lengths.size() / 2), step = (range.high - range.low) / side;
  for (sf::Index j = 0; j < score.cols(); ++j) score.col(j) *= step / (score.col(j).norm() + median);
  sf::Matrix<double> arrows(4, points.cols());
  arrows << points, score;
  return arrows;
}

/// What a panel shows of the whole plane, and how dark that is.
struct View {
  sf::AxisRange range, scale;
};

inline View view_of(const Model& model, const sf::Dataset<float>& data, const Options& options) {
  const double highest =
      log_densities(model, data.samples().leftCols(std::min<sf::Index>(500, data.size())).cast<double>(), 0, options)
          .maxCoeff();
  return {range_of(data), {highest - depth, highest}};
}

/// The model's log density with its score field, and beside it the true one, if this is known, or the data.
inline sf::Canvas still(const Model& model, const sf::Dataset<float>& data, bool known, const View& view,
                        const Options& options) {
  const auto points = sf::heat_map_points(180, view.range);
  const sf::HeatMapOptions how{.range = view.range, .scale = view.scale};
  const sf::HeatPanel learnt{log_densities(model, points, 0, options), "log density"};
  auto with_score = learnt;
  with_score.title = "score at a little noise";
  with_score.arrows = score_arrows(model, view.range);
  std::vector<sf::HeatPanel> panels{learnt, with_score};
  if (known) panels.push_back({true_log_density(points), "true log density"});
  auto left = sf::heat_map(panels, how);
  if (known) return left;
  const auto right = sf::scatter({{data.samples(), "data"}}, {.range = view.range});
  sf::Canvas both(left.width() + right.width(), left.height());
  both.put(left, 0, 0);
  both.put(right, left.width(), 0);
  return both;
}

/// The density from noise at t = 1 to data, on a coarser grid. The interrupt ends it early.
inline std::vector<sf::Canvas> movie(const Model& model, const View& view, const Options& options,
                                     const sf::Interrupt& interrupt) {
  constexpr int frames = 30;
  const auto points = sf::heat_map_points(72, view.range);
  std::vector<sf::Canvas> all;
  for (int i = 0; i <= frames && !interrupt.came(); ++i) {
    const double t = 0.96 * std::pow(1 - static_cast<double>(i) / frames, 2);
    const auto values = log_densities(model, points, t, options);
    const double highest = values.maxCoeff();
    all.push_back(sf::heat_map({{values, sf::text("t = ", std::round(1000 * t) / 1000)}},
                               {.range = view.range, .scale = {highest - depth, highest}}));
  }
  return all;
}

}  // namespace density
