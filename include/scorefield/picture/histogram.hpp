/// Histograms side by side: bars of given heights, each with a title and a band to compare them with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/plot.hpp"

namespace scorefield {

/// What one panel shows.
struct HistogramPanel {
  /// Of bars side by side, from 0 on.
  std::vector<double> heights;
  /// From the left side of the first bar to the right side of the last.
  AxisRange range{0, 1};
  std::string title = {};
  /// A grey band behind the bars, as high as they are expected to be; from 0 on. It is a line where low equals high.
  std::optional<AxisRange> band = {};
};

struct HistogramOptions {
  /// Of a panel in pixels, from 64 to 1,000.
  Index width = 240, height = 150;
  /// Panels in a row; 0: up to four.
  Index columns = 0;
};

namespace detail {

inline void check_histograms(const std::vector<HistogramPanel>& panels, const HistogramOptions& options) {
  if (panels.empty()) throw InvalidArgument("histograms", "at least one panel", "none", "pass heights to show");
  const auto finite = [](const AxisRange& range) { return std::isfinite(range.high - range.low); };
  for (const auto& panel : panels) {
    const auto bad = std::find_if_not(panel.heights.begin(), panel.heights.end(),
                                      [](double height) { return std::isfinite(height) && height >= 0; });
    if (panel.heights.empty() || bad != panel.heights.end())
      throw InvalidArgument("histograms", text("finite heights from 0 on in panel \"", panel.title, '"'),
                            panel.heights.empty() ? std::string("none") : text(*bad), "count what is to be shown");
    if (!(finite(panel.range) && panel.range.low < panel.range.high))
      throw InvalidArgument("histograms", text("a finite range from low to high in panel \"", panel.title, '"'),
                            text(panel.range.low, " to ", panel.range.high), "say what the bars stand over");
    if (panel.band && !(finite(*panel.band) && 0 <= panel.band->low && panel.band->low <= panel.band->high))
      throw InvalidArgument("histograms",
                            text("a finite band from low to high, from 0 on, in panel \"", panel.title, '"'),
                            text(panel.band->low, " to ", panel.band->high), "leave it out to draw none");
  }
  constexpr Index least = 64, most = 1000;
  const auto& [width, height, columns] = options;
  if (width < least || height < least || width > most || height > most || columns < 0)
    throw InvalidArgument("histograms", text("panels of ", least, " to ", most, " pixels and columns from 0 on"),
                          text(width, " x ", height, " and ", columns, " columns"), "draw larger or smaller panels");
}

/// The axis that all panels have upwards: from 0 to a little above the highest bar or band.
inline Axis height_axis(const std::vector<HistogramPanel>& panels) {
  double highest = 0;
  for (const auto& panel : panels) {
    highest = std::max(highest, *std::max_element(panel.heights.begin(), panel.heights.end()));
    if (panel.band) highest = std::max(highest, panel.band->high);
  }
  const double length = 1.1 * highest;
  if (!std::isfinite(length))
    throw InvalidArgument("histograms", "heights of at most 1.6e308", text(highest), "scale them down");
  return {0, length > 0 ? length : 1};
}

/// A band across a frame, with a line along its upper and its lower side, which are one where the band is that thin.
/// The upper one is never below the frame, which hides what is there.
inline void draw_band(Canvas& canvas, const AxisRange& band, const PlotFrame& frame) {
  constexpr Colour colour{0.5f, 0.5f, 0.5f};
  const double top = std::min(std::round(frame.y(band.high)), frame.bottom() - 1);
  const double bottom = std::max(std::round(frame.y(band.low)), top);
  canvas.rectangle(frame.left, top, frame.width, bottom - top, colour, 0.22);
  canvas.rectangle(frame.left, top, frame.width, 1, colour, 0.6);
  if (bottom > top) canvas.rectangle(frame.left, bottom, frame.width, 1, colour, 0.6);
}

}  // namespace detail

/// Draws panels in rows on white, all of one size and with the same scale upwards. Throws InvalidArgument when there is
/// no panel, a height is not finite or below 0, or a range, a band or an option is out of range.
inline Canvas histograms(const std::vector<HistogramPanel>& panels, const HistogramOptions& options = {}) {
  using Style = detail::PlotStyle;
  detail::check_histograms(panels, options);
  const auto up = detail::height_axis(panels);
  const auto heights = detail::ticks(up.low, up.length);
  const auto count = static_cast<Index>(panels.size());
  const Index columns = std::min(count, options.columns == 0 ? Index{4} : options.columns);
  const Index rows = (count + columns - 1) / columns;

  const double left = std::ceil(Style::margin + detail::widest_label(heights) + Style::around);
  const double top = Style::margin + 2 * Style::title_size;
  const auto width = static_cast<double>(options.width), height = static_cast<double>(options.height);
  const double pitch_x = width + Style::gap;
  const double pitch_y = height + Style::around + Style::label_size + Style::gap / 2 + 2 * Style::title_size;
  Canvas canvas(
      static_cast<Index>(left + static_cast<double>(columns) * pitch_x - Style::gap + Style::margin),
      static_cast<Index>(Style::margin + static_cast<double>(rows) * pitch_y - Style::gap / 2 + Style::margin));
  for (Index k = 0; k < count; ++k) {
    const auto& panel = panels[static_cast<std::size_t>(k)];
    const detail::PlotFrame frame{left + static_cast<double>(k % columns) * pitch_x,
                                  top + static_cast<double>(k / columns) * pitch_y,
                                  width,
                                  height,
                                  {{panel.range.low, panel.range.high - panel.range.low}, up}};
    if (panel.band) detail::draw_band(canvas, *panel.band, frame);
    detail::draw_bars(canvas, panel.heights, frame, detail::accent(0, 1), 0.35);
    detail::draw_frame(canvas, frame);
    detail::draw_title(canvas, panel.title, frame);
    detail::draw_ticks_below(canvas, detail::ticks_that_fit(frame.axes.across, width), frame);
    if (k % columns == 0) detail::draw_ticks_left(canvas, heights, frame);
  }
  return canvas;
}

}  // namespace scorefield
