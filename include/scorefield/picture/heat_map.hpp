/// Heat maps of a function of the plane, as a log density, and arrows on them, as a score: side by side.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/plot.hpp"

namespace scorefield {

/// The centres of the cells of a grid of side x side, 2 x side^2: first those of the lowest row, from left to right.
/// Throws InvalidArgument unless the side is from 1 to 10,000.
inline Matrix<double> heat_map_points(Index side, const AxisRange& across, const AxisRange& up) {
  if (side < 1 || side > 10'000)
    throw InvalidArgument("heat_map_points", "a side of 1 to 10000 cells", text(side), "200 are usual");
  Matrix<double> points(2, side * side);
  const auto centre = [side](const AxisRange& range, Index cell) {
    return range.low + (range.high - range.low) * (static_cast<double>(cell) + 0.5) / static_cast<double>(side);
  };
  for (Index row = 0; row < side; ++row)
    for (Index column = 0; column < side; ++column)
      points.col(row * side + column) << centre(across, column), centre(up, row);
  return points;
}

/// What one panel shows: the values at heat_map_points() of a grid (minus infinity is as low as the scale goes), the
/// title above them, arrows, 4 x n: where each begins, and how far it goes across and up, and points, 2 x n.
struct HeatPanel {
  Vector<double> values;
  std::string title;
  Matrix<double> arrows = Matrix<double>(4, 0);
  Matrix<double> points = Matrix<double>(2, 0);
};

struct HeatMapOptions {
  AxisRange across{-1, 1}, up{-1, 1};  // what the axes show
  AxisRange scale{0, 1};               // the values of the lightest and the darkest colour
  Index panel_size = 360;              // the side of a panel in pixels, from 64 to 65,000
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

/// The side of the square grid that a panel's values are of.
inline Index side_of(const HeatPanel& panel) {
  return static_cast<Index>(std::lround(std::sqrt(static_cast<double>(panel.values.size()))));
}

inline void check_panel(const HeatPanel& panel) {
  const Index side = side_of(panel);
  if (side < 1 || side * side != panel.values.size() || panel.arrows.rows() != 4 || panel.points.rows() != 2)
    throw InvalidArgument(
        "heat_map",
        text("values at all points of a square grid in panel \"", panel.title, "\", arrows of 4 rows and points of 2"),
        text(panel.values.size(), ", ", panel.arrows.rows(), " and ", panel.points.rows()),
        "heat_map_points(side, across, up) are where the values are");
  if (!panel.arrows.allFinite() || !panel.points.allFinite())
    throw NonFinite("heat_map", text("finite arrows and points in panel \"", panel.title, '"'), "a NaN or an infinity",
                    "leave such ones out");
  for (const double value : panel.values)
    if (std::isnan(value))
      throw NonFinite("heat_map", text("values in panel \"", panel.title, '"'), "a NaN", "look for what made it");
}

inline void draw_arrow(Canvas& canvas, const PlotFrame& frame, const Matrix<double>& arrows, Index j) {
  constexpr Colour colour{0.84f, 0.33f, 0.12f};
  constexpr double pen = 1.2, head = 4;
  const double x = frame.x(arrows(0, j)), y = frame.y(arrows(1, j)), to_x = frame.x(arrows(0, j) + arrows(2, j)),
               to_y = frame.y(arrows(1, j) + arrows(3, j)), length = std::hypot(to_x - x, to_y - y);
  const bool whole =
      frame.shows(arrows(0, j), arrows(1, j)) && frame.shows(arrows(0, j) + arrows(2, j), arrows(1, j) + arrows(3, j));
  if (!whole || !(length > 0.5)) return;
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
  const auto& [across, up, scale, panel_size] = options;
  for (const auto* range : {&across, &up, &scale})
    if (!(std::isfinite(range->high - range->low) && range->low < range->high))
      throw InvalidArgument("heat_map", "finite ranges across, up and of the scale, from low to high",
                            text(range->low, " to ", range->high), "say what is to be shown");
  detail::check_panels("heat_map", panels.size(), panel_size, {});
  for (const auto& panel : panels) detail::check_panel(panel);
  const auto axis = [](const AxisRange& range) { return detail::Axis{range.low, range.high - range.low}; };
  const auto colours = axis(scale);
  const auto draw = [&](Canvas& canvas, const HeatPanel& panel, const detail::PlotFrame& frame, std::size_t) {
    const Index side = detail::side_of(panel);
    for (auto y = static_cast<Index>(frame.top); y < static_cast<Index>(frame.bottom()); ++y)
      for (auto x = static_cast<Index>(frame.left); x < static_cast<Index>(frame.right()); ++x) {
        // The pixel's centre is in this cell.
        const auto cell = [&](double share) { return static_cast<Index>(share * static_cast<double>(side)); };
        const Index column = cell((static_cast<double>(x) + 0.5 - frame.left) / frame.width),
                    row = side - 1 - cell((static_cast<double>(y) + 0.5 - frame.top) / frame.height);
        canvas.at(x, y) = detail::heat_colour(std::clamp(colours.share(panel.values(row * side + column)), 0.0, 1.0));
      }
    if (panel.points.cols() > 0) detail::draw_points(canvas, panel.points, frame, detail::accent(0, 1));
    for (Index j = 0; j < panel.arrows.cols(); ++j) detail::draw_arrow(canvas, frame, panel.arrows, j);
  };
  return detail::row_of_panels(panels, panel_size, {axis(across), axis(up)}, draw);
}

}  // namespace scorefield
