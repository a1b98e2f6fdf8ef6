/// A page of small pictures: rows with names, and groups of columns.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <scorefield/picture/canvas.hpp>
#include <scorefield/picture/detail/plot.hpp>
#include <string>
#include <vector>

namespace examples {

/// What one small picture shows, and what is written below it.
struct Cell {
  scorefield::Matrix<double> points;  // 2 x n; none leaves the place free
  std::string below;
};

/// Columns with a name above all of them and one above each.
struct Group {
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // all of as many cells as there are columns
  bool backwards = false;               // whether the colours go from the last column to the first
};

/// A point as one whole pixel, which keeps files of many small pictures small; none where the frame does not show it.
inline void draw_pixel(scorefield::Canvas& canvas, const scorefield::detail::PlotFrame& frame, double across, double up,
                       scorefield::Colour colour) {
  if (frame.shows(across, up))
    canvas.rectangle(std::floor(frame.x(across)), std::floor(frame.y(up)), 1, 1, colour, 0.5);
}

/// Draws groups side by side, whose rows have the names on the left, and a note at the foot. All cells show the square
/// from -range to range.
inline scorefield::Canvas page(const std::vector<Group>& groups, const std::vector<std::string>& rows, double range,
                               const std::string& note) {
  using namespace scorefield;
  using namespace scorefield::detail;
  constexpr double panel = 88, across = panel + 8, down = panel + 22, gap = 26, top = 62, margin = 16, small = 6.5;
  double left = 0;
  for (const auto& row : rows) left = std::max(left, text_width(row, PlotStyle::label_size));
  left += 2 * margin;
  double width = left - gap + margin;
  for (const auto& group : groups) width += static_cast<double>(group.columns.size()) * across + gap;
  scorefield::Canvas canvas(
      static_cast<scorefield::Index>(width),
      static_cast<scorefield::Index>(top + static_cast<double>(rows.size()) * down + 2.5 * margin));
  const auto centred = [&](const std::string& text, double x, double y, double size) {
    draw_text(canvas, text, x - text_width(text, size) / 2, y, size, PlotStyle::title_colour);
  };
  for (std::size_t i = 0; i < rows.size(); ++i)
    draw_text(canvas, rows[i], left - margin - text_width(rows[i], PlotStyle::label_size),
              top + static_cast<double>(i) * down + panel / 2 + PlotStyle::label_size / 2, PlotStyle::label_size,
              PlotStyle::title_colour);
  draw_text(canvas, note, left, static_cast<double>(canvas.height()) - margin, PlotStyle::label_size,
            PlotStyle::label_colour);
  for (const auto& [name, columns, cells, backwards] : groups) {
    const double whole = static_cast<double>(columns.size()) * across;
    centred(name, left + (whole - across + panel) / 2, top - 32, 1.2 * PlotStyle::title_size);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      const double x = left + static_cast<double>(k) * across;
      centred(columns[k], x + panel / 2, top - 9, PlotStyle::label_size);
      for (std::size_t i = 0; i < cells.size(); ++i) {
        const Cell& cell = cells[i][k];
        if (cell.points.cols() == 0) continue;
        const PlotFrame frame{
            x, top + static_cast<double>(i) * down, panel, panel, {{-range, 2 * range}, {-range, 2 * range}}};
        const Colour colour = accent(backwards ? columns.size() - 1 - k : k, columns.size());
        for (Index j = 0; j < cell.points.cols(); ++j)
          draw_pixel(canvas, frame, cell.points(0, j), cell.points(1, j), colour);
        draw_frame(canvas, frame);
        centred(cell.below, x + panel / 2, frame.bottom() + 6 + small, small);
      }
    }
    left += whole + gap;
  }
  return canvas;
}

}  // namespace examples
