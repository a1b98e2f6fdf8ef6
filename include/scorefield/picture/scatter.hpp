/// Scatter plots of points in the plane, side by side.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/stroke_font.hpp"

namespace scorefield {

/// What one panel shows: points, 2 x n, and the title above them.
struct ScatterPanel {
  template <class Derived>
  ScatterPanel(const Eigen::MatrixBase<Derived>& shown, std::string above)
      : points(shown.template cast<double>()), title(std::move(above)) {}

  Matrix<double> points;
  std::string title;
};

struct ScatterOptions {
  /// The side of a panel in pixels, from 64 to 65,535.
  Index panel_size = 360;
  /// What both axes show; left out, it is taken from the points, without regard to a few far ones.
  std::optional<AxisRange> range = {};
};

namespace detail {

/// A square of the plane.
struct ScatterView {
  double left, bottom, side;
};

inline void check_scatter(const std::vector<ScatterPanel>& panels, const ScatterOptions& options) {
  if (panels.empty()) throw InvalidArgument("scatter", "at least one panel", "none", "pass points to show");
  for (const auto& [points, title] : panels) {
    if (points.rows() != 2 || points.cols() == 0)
      throw InvalidArgument("scatter", text("2 x n points in panel \"", title, '"'),
                            text(points.rows(), " x ", points.cols()), "a column is a point; choose two of its rows");
    for (Index j = 0; j < points.cols(); ++j)
      if (!points.col(j).allFinite())
        throw NonFinite("scatter", text("finite points in panel \"", title, '"'),
                        text('(', points(0, j), ", ", points(1, j), ") in column ", j), "leave such points out");
  }
  constexpr Index least = 64, most = 65'535;
  if (options.panel_size < least || options.panel_size > most)
    throw InvalidArgument("scatter", text("a panel size of ", least, " to ", most, " pixels"), text(options.panel_size),
                          "draw larger or smaller panels");
  if (const auto& range = options.range;
      range && !(std::isfinite(range->high - range->low) && range->low < range->high))
    throw InvalidArgument("scatter", "a finite range from low to high", text(range->low, " to ", range->high),
                          "leave the range out to take it from the points");
}

/// The square that shows the bulk of every panel.
inline ScatterView common_view(const std::vector<ScatterPanel>& panels) {
  std::array<AxisRange, 2> axes;
  for (Index row = 0; row < 2; ++row) {
    auto& axis = axes[static_cast<std::size_t>(row)];
    axis = {std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
    for (const auto& panel : panels) {
      const auto numbers = panel.points.row(row);
      const auto range = bulk({numbers.begin(), numbers.end()});
      axis = {std::min(axis.low, range.low), std::max(axis.high, range.high)};
    }
  }
  const double extent = std::max(axes[0].high - axes[0].low, axes[1].high - axes[1].low);
  const double side = extent > 0 ? 1.08 * extent : 1;
  if (!std::isfinite(side))
    throw InvalidArgument("scatter", "points less far apart than numbers reach", text("an extent of ", extent),
                          "leave such points out, or say the range to show");
  return {axes[0].low / 2 + axes[0].high / 2 - side / 2, axes[1].low / 2 + axes[1].high / 2 - side / 2, side};
}

/// From blue to vermilion: neighbours differ, and a row of panels reads as a sequence.
inline Colour accent(double position) {
  constexpr Colour blue{0.10f, 0.36f, 0.66f}, purple{0.52f, 0.24f, 0.60f}, vermilion{0.84f, 0.33f, 0.12f};
  const auto part = static_cast<float>(position < 0.5 ? 2 * position : 2 * position - 1);
  const auto [from, to] = position < 0.5 ? std::pair(blue, purple) : std::pair(purple, vermilion);
  return {from.red + part * (to.red - from.red), from.green + part * (to.green - from.green),
          from.blue + part * (to.blue - from.blue)};
}

/// Points of one panel whose frame has its upper left corner at (x, y); those outside the view are not shown.
inline void draw_points(Canvas& canvas, const Matrix<double>& points, const ScatterView& shown, double x, double y,
                        double size, Colour colour) {
  // The more points, the smaller and fainter, so that density stays visible.
  const double crowd = size / std::sqrt(static_cast<double>(points.cols()));
  const double radius = std::clamp(0.15 * crowd, 1.2, 2.0), opacity = std::clamp(0.085 * crowd, 0.12, 0.75);
  for (Index j = 0; j < points.cols(); ++j) {
    const double right = (points(0, j) - shown.left) / shown.side, up = (points(1, j) - shown.bottom) / shown.side;
    if (right >= 0 && right <= 1 && up >= 0 && up <= 1)
      canvas.disc(x + size * right, y + size * (1 - up), radius, colour, opacity);
  }
}

inline void draw_frame(Canvas& canvas, double x, double y, double size) {
  constexpr Colour grey{0.72f, 0.72f, 0.72f};
  canvas.rectangle(x - 1, y - 1, size + 2, 1, grey);
  canvas.rectangle(x - 1, y + size, size + 2, 1, grey);
  canvas.rectangle(x - 1, y, 1, size, grey);
  canvas.rectangle(x + size, y, 1, size, grey);
}

/// Sizes in pixels around the panels.
struct ScatterLayout {
  static constexpr double margin = 16, gap = 24, title_size = 11, label_size = 8, tick_length = 4, label_distance = 5;
  static constexpr Colour title_colour{0.15f, 0.15f, 0.15f}, label_colour{0.35f, 0.35f, 0.35f};

  double size, left, top, width, height;

  double x(std::size_t panel) const { return left + static_cast<double>(panel) * (size + gap); }
};

inline ScatterLayout lay_out(std::size_t panels, double size, double label_width) {
  using L = ScatterLayout;
  const double around = L::tick_length + L::label_distance;
  const double left = std::ceil(L::margin + label_width + around), top = L::margin + 2 * L::title_size;
  return {size, left, top, left + static_cast<double>(panels) * (size + L::gap) - L::gap + L::margin,
          top + size + around + L::label_size + L::margin};
}

}  // namespace detail

/// Draws panels in a row on white, all with the same axes and the same scale along x and y. Throws InvalidArgument when
/// there is no panel, a panel is not 2 x n points with n > 0, an option is out of range, or no square holds the points;
/// NonFinite when a point is not finite.
inline Canvas scatter(const std::vector<ScatterPanel>& panels, const ScatterOptions& options = {}) {
  using Layout = detail::ScatterLayout;
  detail::check_scatter(panels, options);
  const auto shown = options.range ? detail::ScatterView{options.range->low, options.range->low,
                                                         options.range->high - options.range->low}
                                   : detail::common_view(panels);
  const auto size = static_cast<double>(options.panel_size);
  const auto across = detail::ticks(shown.left, shown.side), up = detail::ticks(shown.bottom, shown.side);
  double label_width = 0;
  for (const double number : up)
    label_width = std::max(label_width, text_width(detail::tick_label(number), Layout::label_size));
  const auto layout = detail::lay_out(panels.size(), size, label_width);

  Canvas canvas(static_cast<Index>(layout.width), static_cast<Index>(layout.height));
  const double bottom = layout.top + size;
  for (std::size_t k = 0; k < panels.size(); ++k) {
    const double x = layout.x(k);
    const double position = panels.size() == 1 ? 0 : static_cast<double>(k) / static_cast<double>(panels.size() - 1);
    detail::draw_points(canvas, panels[k].points, shown, x, layout.top, size, detail::accent(position));
    detail::draw_frame(canvas, x, layout.top, size);
    draw_text(canvas, panels[k].title, x + (size - text_width(panels[k].title, Layout::title_size)) / 2,
              layout.top - Layout::title_size, Layout::title_size, Layout::title_colour);
    for (const double number : across) {
      const double at = std::floor(x + size * (number - shown.left) / shown.side);
      const auto label = detail::tick_label(number);
      canvas.rectangle(at, bottom, 1, Layout::tick_length, Layout::label_colour);
      draw_text(canvas, label, at + 0.5 - text_width(label, Layout::label_size) / 2,
                bottom + Layout::tick_length + Layout::label_distance + Layout::label_size, Layout::label_size,
                Layout::label_colour);
    }
  }
  for (const double number : up) {
    const double at = std::floor(bottom - size * (number - shown.bottom) / shown.side);
    const auto label = detail::tick_label(number);
    canvas.rectangle(layout.left - Layout::tick_length, at, Layout::tick_length, 1, Layout::label_colour);
    draw_text(canvas, label,
              layout.left - Layout::tick_length - Layout::label_distance - text_width(label, Layout::label_size),
              at + 0.5 + Layout::label_size / 2, Layout::label_size, Layout::label_colour);
  }
  return canvas;
}

}  // namespace scorefield
