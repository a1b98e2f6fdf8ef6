/// Plots of paths (trajectories), discs and dots in the plane, side by side.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/far_away.hpp"
#include "scorefield/picture/detail/plot.hpp"

namespace scorefield {

/// How a layer of a plot is drawn. The width of lines, and of dots, is in pixels, from 0 to 1000; the opacity is from 0
/// to 1. A path is equally dark where it crosses itself, and darker where it crosses another one.
struct LayerStyle {
  Colour colour{0.10f, 0.36f, 0.66f};
  double width = 1.4;
  double opacity = 1;
};

/// Paths, 2 L x n: a column is a path of L points, as a sequence of two channels is (x and y of the first point, then
/// those of the second). Points of their own, 2 x n, are dots. There may be none.
struct Paths {
  template <class Derived>
  Paths(const Eigen::MatrixBase<Derived>& shown, const LayerStyle& drawn = {})
      : points(shown.template cast<double>()), style(drawn) {}

  Matrix<double> points;
  LayerStyle style;
};

/// Discs around points, 2 x n, with a radius in the units of the axes: obstacles, goals, what is near enough.
struct Discs {
  template <class Derived>
  Discs(const Eigen::MatrixBase<Derived>& around, double of_radius, const LayerStyle& drawn = {})
      : centres(around.template cast<double>()), radius(of_radius), style(drawn) {}

  Matrix<double> centres;
  double radius;
  LayerStyle style;
};

/// What one panel shows, from the lowest layer to the uppermost, and the title above it.
struct PlotPanel {
  std::string title;
  std::vector<std::variant<Paths, Discs>> layers;
};

struct PlotOptions {
  /// The side of a panel in pixels, from 64 to 65,000.
  Index panel_size = 360;
  /// What both axes show; left out, it is all there is in the panels.
  std::optional<AxisRange> range = {};
};

namespace detail {

/// where: " in panel ...", for messages.
inline void check_plot_points(const Matrix<double>& points, const std::string& where) {
  for (Index j = 0; j < points.cols(); ++j)
    if (!points.col(j).allFinite())
      throw NonFinite("plot", text("finite numbers", where), text("a NaN or an infinity in column ", j),
                      "leave such paths out");
}

inline void check_style(const LayerStyle& style, const std::string& where) {
  constexpr double widest = 1000;
  if (!(style.width >= 0 && style.width <= widest && style.opacity >= 0 && style.opacity <= 1))
    throw InvalidArgument("plot", text("a width of 0 to ", widest, " pixels and an opacity of 0 to 1", where),
                          text(style.width, " and ", style.opacity), "lines of 1 to 3 pixels are usual");
}

inline void check_plot_layer(const Paths& paths, const std::string& where) {
  const auto& [points, style] = paths;
  if (points.rows() < 2 || points.rows() % 2 != 0)
    throw InvalidArgument("plot", text("paths of 2 L x n numbers", where), text(points.rows(), " x ", points.cols()),
                          "a column is a path: x and y of its first point, of the second, and so on");
  check_plot_points(points, where);
  check_style(style, where);
}

inline void check_plot_layer(const Discs& discs, const std::string& where) {
  const auto& [centres, radius, style] = discs;
  if (centres.rows() != 2)
    throw InvalidArgument("plot", text("centres of discs of 2 x n numbers", where),
                          text(centres.rows(), " x ", centres.cols()), "a column is a point");
  check_plot_points(centres, where);
  if (!(radius >= 0 && std::isfinite(radius)))
    throw InvalidArgument("plot", text("a finite radius of discs from 0 on", where), text(radius),
                          "it is in the units of the axes");
  check_style(style, where);
}

inline void check_plot(const std::vector<PlotPanel>& panels, const PlotOptions& options) {
  check_panels("plot", panels.size(), options.panel_size, options.range);
  for (const auto& panel : panels)
    for (const auto& layer : panel.layers)
      std::visit([&](const auto& shown) { check_plot_layer(shown, text(" in panel \"", panel.title, '"')); }, layer);
}

/// What all layers reach, along x and y.
struct PlotExtent {
  static constexpr double most = std::numeric_limits<double>::max();
  std::array<AxisRange, 2> axes{AxisRange{most, -most}, AxisRange{most, -most}};

  void hold(const Paths& paths) { hold(paths.points, 0); }
  void hold(const Discs& discs) { hold(discs.centres, discs.radius); }

 private:
  void hold(const Matrix<double>& points, double around) {
    for (Index i = 0; i < points.size(); ++i) {
      auto& axis = axes[static_cast<std::size_t>(i % 2)];
      axis = {std::min(axis.low, points(i) - around), std::max(axis.high, points(i) + around)};
    }
  }
};

/// The square that shows all of every panel. Throws InvalidArgument where there is nothing, or no square holds it.
inline PlotAxes whole_view(const std::vector<PlotPanel>& panels) {
  PlotExtent extent;
  for (const auto& panel : panels)
    for (const auto& layer : panel.layers) std::visit([&](const auto& shown) { extent.hold(shown); }, layer);
  const auto& axes = extent.axes;
  if (axes[0].low > axes[0].high)
    throw InvalidArgument("plot", "at least one path or disc", "none", "say the range that an empty plot shows");
  return square_view("plot", axes[0], axes[1], "leave such paths and discs out, or say the range to show");
}

inline PixelPoint pixel_point(const PlotFrame& frame, double across, double up) {
  return {finite_pixel(frame.x(across)), finite_pixel(frame.y(up))};
}

inline void draw_layer(Canvas& canvas, const Paths& paths, const PlotFrame& frame) {
  const auto& [points, style] = paths;
  Matrix<double> path(2, points.rows() / 2);
  for (const auto& column : points.colwise()) {
    for (Index i = 0; i < path.cols(); ++i)
      path.col(i).head<2>() = pixel_point(frame, column(2 * i), column(2 * i + 1));
    canvas.path(path_in_reach(path), style.width, style.colour, style.opacity);
  }
}

inline void draw_layer(Canvas& canvas, const Discs& discs, const PlotFrame& frame) {
  const auto& [centres, radius, style] = discs;
  const double of_radius = finite_pixel(radius * frame.width / frame.axes.across.length);
  for (const auto& centre : centres.colwise()) {
    const auto disc = disc_in_reach(pixel_point(frame, centre(0), centre(1)), of_radius);
    canvas.disc(disc.centre.x(), disc.centre.y(), disc.radius, style.colour, style.opacity);
  }
}

/// The inside of a panel of so many pixels: what reaches beyond the view is cut off.
inline Canvas plot_inside(const PlotPanel& panel, const PlotAxes& shown, Index size) {
  const auto pixels = static_cast<double>(size);
  const PlotFrame frame{0, 0, pixels, pixels, shown};
  Canvas canvas(size, size);
  for (const auto& layer : panel.layers)
    std::visit([&](const auto& drawn) { draw_layer(canvas, drawn, frame); }, layer);
  return canvas;
}

}  // namespace detail

/// Draws panels in a row on white, all with the same axes and the same scale along x and y:
///   plot({{"demonstrations", {Discs(obstacle, 0.3), Paths(demonstrated, {.opacity = 0.3})}}, {"policy", {...}}})
/// Throws InvalidArgument when there is no panel or nothing in any, the shape of a layer, its style or an option is out
/// of range, or no square holds the points; NonFinite when a number is not finite.
inline Canvas plot(const std::vector<PlotPanel>& panels, const PlotOptions& options = {}) {
  detail::check_plot(panels, options);
  detail::PlotAxes shown;
  if (const auto& range = options.range)
    shown.across = shown.up = {range->low, range->high - range->low};
  else
    shown = detail::whole_view(panels);
  const auto draw = [&](Canvas& canvas, const PlotPanel& panel, const detail::PlotFrame& frame, std::size_t) {
    canvas.put(detail::plot_inside(panel, frame.axes, options.panel_size), static_cast<Index>(frame.left),
               static_cast<Index>(frame.top));
  };
  return detail::row_of_panels(panels, options.panel_size, shown, draw);
}

}  // namespace scorefield
