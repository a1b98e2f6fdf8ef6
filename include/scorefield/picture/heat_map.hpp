/// Heat maps of a function of the plane, as a log density, and arrows on them, as a score: side by side.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/plot.hpp"

namespace scorefield {

/// The centres of the cells of a grid over a square, 2 x side^2: first those of the lowest row, from left to right.
inline Matrix<double> heat_map_points(Index side, const AxisRange& range) {
  Matrix<double> points(2, side * side);
  const double cell = (range.high - range.low) / static_cast<double>(side);
  for (Index row = 0; row < side; ++row)
    for (Index column = 0; column < side; ++column)
      points.col(row * side + column) << range.low + (static_cast<double>(column) + 0.5) * cell,
          range.low + (static_cast<double>(row) + 0.5) * cell;
  return points;
}

/// What one panel shows: the values at heat_map_points() of a grid (minus infinity is as low as the scale goes), the
/// title above them, and arrows, 4 x n: where each begins, and how far it goes across and up.
struct HeatPanel {
  Vector<double> values;
  std::string title;
  Matrix<double> arrows = Matrix<double>(4, 0);
};

struct HeatMapOptions {
  AxisRange range{-1, 1};  // what both axes show
  AxisRange scale{0, 1};   // the values of the lightest and the darkest colour
  Index panel_size = 360;  // the side of a panel in pixels, from 64 to 65,000
};

namespace detail {

/// From white by blue to nearly black, each darker than the ones before; share in [0, 1].
inline Colour heat_colour(double share) {
  constexpr std::array<Colour, 5> colours{
      {{1, 1, 1}, {0.78f, 0.87f, 0.94f}, {0.40f, 0.65f, 0.82f}, {0.10f, 0.36f, 0.66f}, {0.03f, 0.12f, 0.30f}}};
  const double place = share * (colours.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), colours.size() - 2);
  const auto part = static_cast<float>(place - static_cast<double>(below));
  const auto &from = colours[below], &to = colours[below + 1];
  return {from.red + part * (to.red - from.red), from.green + part * (to.green - from.green),
          from.blue + part * (to.blue - from.blue)};
}

/// The side of the grid that a panel's values are of. Throws unless the panel can be drawn.
inline Index checked_side(const HeatPanel& panel) {
  const auto side = static_cast<Index>(std::lround(std::sqrt(static_cast<double>(panel.values.size()))));
  if (side < 1 || side * side != panel.values.size() || panel.arrows.rows() != 4)
    throw InvalidArgument(
        "heat_map", text("values at all points of a square grid in panel \"", panel.title, "\", and arrows of 4 rows"),
        text(panel.values.size(), " and ", panel.arrows.rows()), "heat_map_points(side, range) are the points");
  for (const double value : panel.values)
    if (std::isnan(value))
      throw NonFinite("heat_map", text("values in panel \"", panel.title, '"'), "a NaN", "look for what made it");
  return side;
}

inline void draw_arrow(Canvas& canvas, const PlotFrame& frame, const Matrix<double>& arrows, Index j) {
  constexpr Colour colour{0.84f, 0.33f, 0.12f};
  constexpr double pen = 1.2, head = 4;
  const double x = frame.x(arrows(0, j)), y = frame.y(arrows(1, j)), to_x = frame.x(arrows(0, j) + arrows(2, j)),
               to_y = frame.y(arrows(1, j) + arrows(3, j)), length = std::hypot(to_x - x, to_y - y);
  if (!frame.shows(arrows(0, j), arrows(1, j)) || !(length > 0.5)) return;
  canvas.line(x, y, to_x, to_y, pen, colour);
  const double along_x = (to_x - x) / length * std::min(head, length / 2),
               along_y = (to_y - y) / length * std::min(head, length / 2);
  for (const double side : {-0.6, 0.6})
    canvas.line(to_x, to_y, to_x - along_x + side * along_y, to_y - along_y - side * along_x, pen, colour);
}

}  // namespace detail

/// Draws panels in a row on white, all with the same axes and colours. Throws InvalidArgument when there is no panel, a
/// panel's values are not those of a square grid, or an option is out of range; NonFinite when a value is a NaN.
inline Canvas heat_map(const std::vector<HeatPanel>& panels, const HeatMapOptions& options) {
  detail::check_panels("heat_map", panels.size(), options.panel_size, options.range);
  detail::check_panels("heat_map", panels.size(), options.panel_size, options.scale);
  for (const auto& panel : panels) detail::checked_side(panel);
  const detail::Axis axis{options.range.low, options.range.high - options.range.low};
  const detail::Axis colours{options.scale.low, options.scale.high - options.scale.low};
  const auto draw = [&](Canvas& canvas, const HeatPanel& panel, const detail::PlotFrame& frame, std::size_t) {
    const Index side = detail::checked_side(panel);
    for (auto y = static_cast<Index>(frame.top); y < static_cast<Index>(frame.bottom()); ++y)
      for (auto x = static_cast<Index>(frame.left); x < static_cast<Index>(frame.right()); ++x) {
        // The pixel's centre is in this cell.
        const auto cell = [&](double share) { return static_cast<Index>(share * static_cast<double>(side)); };
        const Index column = cell((static_cast<double>(x) + 0.5 - frame.left) / frame.width),
                    row = side - 1 - cell((static_cast<double>(y) + 0.5 - frame.top) / frame.height);
        canvas.at(x, y) = detail::heat_colour(std::clamp(colours.share(panel.values(row * side + column)), 0.0, 1.0));
      }
    for (Index j = 0; j < panel.arrows.cols(); ++j) detail::draw_arrow(canvas, frame, panel.arrows, j);
  };
  return detail::row_of_panels(panels, options.panel_size, {axis, axis}, draw);
}

}  // namespace scorefield
