/// Scatter plots of points in the plane, side by side.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
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
  /// The side of a panel in pixels, from 64 to 65,000.
  Index panel_size = 360;
  /// What both axes show; left out, it is taken from the points, without regard to a few far ones.
  std::optional<AxisRange> range = {};
};

namespace detail {

inline void check_scatter(const std::vector<ScatterPanel>& panels, const ScatterOptions& options) {
  check_panels("scatter", panels.size(), options.panel_size, options.range);
  for (const auto& [points, title] : panels) {
    if (points.rows() != 2 || points.cols() == 0)
      throw InvalidArgument("scatter", text("2 x n points in panel \"", title, '"'),
                            text(points.rows(), " x ", points.cols()), "a column is a point; choose two of its rows");
    for (Index j = 0; j < points.cols(); ++j)
      if (!points.col(j).allFinite())
        throw NonFinite("scatter", text("finite points in panel \"", title, '"'),
                        text('(', points(0, j), ", ", points(1, j), ") in column ", j), "leave such points out");
  }
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
  return square_view("scatter", axes[0], axes[1], "leave such points out, or say the range to show");
}

}  // namespace detail

/// Draws panels in a row on white, all with the same axes and the same scale along x and y. Throws InvalidArgument when
/// there is no panel, a panel is not 2 x n points with n > 0, an option is out of range, or no square holds the points;
/// NonFinite when a point is not finite.
inline Canvas scatter(const std::vector<ScatterPanel>& panels, const ScatterOptions& options = {}) {
  detail::check_scatter(panels, options);
  detail::PlotAxes shown;
  if (const auto& range = options.range)
    shown.across = shown.up = {range->low, range->high - range->low};
  else
    shown = detail::common_view(panels);
  const auto draw = [&](Canvas& canvas, const ScatterPanel& panel, const detail::PlotFrame& frame, std::size_t k) {
    detail::draw_points(canvas, panel.points, frame, detail::accent(k, panels.size()));
  };
  return detail::row_of_panels(panels, options.panel_size, shown, draw);
}

}  // namespace scorefield
