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
#include "scorefield/picture/detail/plot.hpp"

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

/// The axes of a square of the plane that shows the bulk of every panel.
inline PlotAxes common_view(const std::vector<ScatterPanel>& panels) {
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
  return {{axes[0].low / 2 + axes[0].high / 2 - side / 2, side}, {axes[1].low / 2 + axes[1].high / 2 - side / 2, side}};
}

}  // namespace detail

/// Draws panels in a row on white, all with the same axes and the same scale along x and y. Throws InvalidArgument when
/// there is no panel, a panel is not 2 x n points with n > 0, an option is out of range, or no square holds the points;
/// NonFinite when a point is not finite.
inline Canvas scatter(const std::vector<ScatterPanel>& panels, const ScatterOptions& options = {}) {
  using Style = detail::PlotStyle;
  detail::check_scatter(panels, options);
  detail::PlotAxes shown;
  if (const auto& range = options.range)
    shown.across = shown.up = {range->low, range->high - range->low};
  else
    shown = detail::common_view(panels);
  const auto size = static_cast<double>(options.panel_size);
  const auto across = detail::ticks(shown.across.low, shown.across.length),
             up = detail::ticks(shown.up.low, shown.up.length);
  const double left = std::ceil(Style::margin + detail::widest_label(up) + Style::around),
               top = Style::margin + 2 * Style::title_size;
  const auto count = static_cast<double>(panels.size());
  Canvas canvas(static_cast<Index>(left + count * (size + Style::gap) - Style::gap + Style::margin),
                static_cast<Index>(top + size + Style::around + Style::label_size + Style::margin));
  detail::PlotFrame frame{left, top, size, size, shown};
  for (std::size_t k = 0; k < panels.size(); ++k, frame.left += size + Style::gap) {
    detail::draw_points(canvas, panels[k].points, frame, detail::accent(k, panels.size()));
    detail::draw_frame(canvas, frame);
    detail::draw_title(canvas, panels[k].title, frame);
    detail::draw_ticks_below(canvas, across, frame);
    if (k == 0) detail::draw_ticks_left(canvas, up, frame);
  }
  return canvas;
}

}  // namespace scorefield
