/// Where a corner plot has its panels, its legend and the names of coordinates, and how these two are drawn.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/plot.hpp"
#include "scorefield/picture/detail/stroke_font.hpp"

namespace scorefield::detail {

/// Where the panels of a corner plot and the things around them are, in pixels.
struct PairsLayout {
  using Style = PlotStyle;
  static constexpr double gap = 10, legend_line = 2 * Style::title_size, legend_disc = 4.5;

  double size, left, top = Style::margin, legend_width = 0, width, height;

  /// named: whether coordinates have names. legend: the names of sets; there is none where all of them are empty.
  PairsLayout(Index panel_size, bool named, const std::vector<std::string>& legend, const std::vector<Axis>& axes)
      : size(static_cast<double>(panel_size)) {
    double label_width = 0;
    for (std::size_t row = 1; row < axes.size(); ++row)
      label_width = std::max(label_width, widest_label(ticks(axes[row].low, axes[row].length)));
    const double name_height = named ? 2 * Style::title_size : 0;
    left = std::ceil(Style::margin + (axes.size() > 1 ? label_width + Style::around + name_height : 0));
    for (const auto& name : legend)
      if (!name.empty()) legend_width = std::max(legend_width, text_width(name, Style::title_size));
    if (legend_width > 0) legend_width += 4 * legend_disc;
    const double legend_height = legend_width > 0 ? static_cast<double>(legend.size()) * legend_line : 0;
    const double panels = static_cast<double>(axes.size()) * (size + gap) - gap;
    double across = panels;
    if (legend_width > 0) {
      across = std::max(panels, size + 2 * gap + legend_width);  // above the panels, but not above the first column
      if (legend_height > free_height(across - legend_width, axes.size())) across = panels + 2 * gap + legend_width;
    }
    width = std::ceil(left + across + Style::margin);
    height = std::ceil(top + std::max(panels, legend_height) + Style::around + Style::label_size + name_height +
                       Style::margin);
  }

  PlotFrame frame(std::size_t row, std::size_t column, const std::vector<Axis>& axes) const {
    return {left + static_cast<double>(column) * (size + gap),
            top + static_cast<double>(row) * (size + gap),
            size,
            size,
            {axes[column], axes[row]}};
  }

 private:
  /// How far down no panel is to the right of x, from the left side of the first of d columns: column k has panels from
  /// row k on.
  double free_height(double x, std::size_t d) const {
    std::size_t column = 0;
    while (column < d && static_cast<double>(column) * (size + gap) + size <= x) ++column;
    return column < d ? static_cast<double>(column) * (size + gap) : std::numeric_limits<double>::infinity();
  }
};

/// The name of the coordinate that goes up, beside a frame, with its baseline at x.
inline void draw_name_left(Canvas& canvas, const std::string& name, const PlotFrame& frame, double x) {
  const double size = title_size(name, frame.height);
  draw_text_upwards(canvas, name, x, frame.bottom() - (frame.height - text_width(name, size)) / 2, size,
                    PlotStyle::title_colour);
}

/// At the upper right, where a corner plot has no panels, or to the right of all.
inline void draw_legend(Canvas& canvas, const std::vector<std::string>& legend, const PairsLayout& layout) {
  using Style = PlotStyle;
  const double left = layout.width - Style::margin - layout.legend_width;
  for (std::size_t k = 0; layout.legend_width > 0 && k < legend.size(); ++k) {
    const double y = layout.top + (static_cast<double>(k) + 0.75) * PairsLayout::legend_line;
    canvas.disc(left + PairsLayout::legend_disc, y - Style::title_size / 2, PairsLayout::legend_disc,
                accent(k, legend.size()), 0.85);
    draw_text(canvas, legend[k], left + 4 * PairsLayout::legend_disc, y, Style::title_size, Style::title_colour);
  }
}

}  // namespace scorefield::detail
