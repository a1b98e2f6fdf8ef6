/// What plots are made of: frames, titles, ticks with labels, points, colours that tell sets apart, and rows of panels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/detail/axis.hpp"
#include "scorefield/picture/detail/stroke_font.hpp"

namespace scorefield::detail {

/// Sizes in pixels, and colours.
struct PlotStyle {
  static constexpr double margin = 16, gap = 24, title_size = 11, label_size = 8, tick_length = 4, label_distance = 5;
  /// From a frame to the labels of its ticks.
  static constexpr double around = tick_length + label_distance;
  static constexpr Colour title_colour{0.15f, 0.15f, 0.15f}, label_colour{0.35f, 0.35f, 0.35f},
      frame_colour{0.72f, 0.72f, 0.72f};
};

struct PlotAxes {
  Axis across, up;
};

/// A rectangle on the canvas, in pixels, and what its axes show.
struct PlotFrame {
  double left, top, width, height;
  PlotAxes axes;

  double right() const { return left + width; }
  double bottom() const { return top + height; }
  double x(double number) const { return left + width * axes.across.share(number); }
  double y(double number) const { return top + height * (1 - axes.up.share(number)); }
  bool shows(double across, double up) const { return axes.across.shows(across) && axes.up.shows(up); }
};

/// From blue to vermilion: neighbours differ, and a row of panels reads as a sequence. k: in [0, count).
inline Colour accent(std::size_t k, std::size_t count) {
  constexpr Colour blue{0.10f, 0.36f, 0.66f}, purple{0.52f, 0.24f, 0.60f}, vermilion{0.84f, 0.33f, 0.12f};
  const double position = count == 1 ? 0 : static_cast<double>(k) / static_cast<double>(count - 1);
  const auto part = static_cast<float>(position < 0.5 ? 2 * position : 2 * position - 1);
  const auto [from, to] = position < 0.5 ? std::pair(blue, purple) : std::pair(purple, vermilion);
  return {from.red + part * (to.red - from.red), from.green + part * (to.green - from.green),
          from.blue + part * (to.blue - from.blue)};
}

/// The pen for points of a set of `count`: the more they are, the smaller and fainter, so that density stays visible.
struct PointPen {
  double radius, opacity;
  Colour colour;

  PointPen(const PlotFrame& frame, Index count, Colour of) : colour(of) {
    const double crowd = std::min(frame.width, frame.height) / std::sqrt(static_cast<double>(count));
    radius = std::clamp(0.15 * crowd, 1.2, 2.0), opacity = std::clamp(0.085 * crowd, 0.12, 0.75);
  }

  /// A point that the frame does not show is left out.
  void draw(Canvas& canvas, const PlotFrame& frame, double across, double up) const {
    if (frame.shows(across, up)) canvas.disc(frame.x(across), frame.y(up), radius, colour, opacity);
  }
};

/// points: 2 x n.
inline void draw_points(Canvas& canvas, const Matrix<double>& points, const PlotFrame& frame, Colour colour) {
  const PointPen pen(frame, points.cols(), colour);
  for (Index j = 0; j < points.cols(); ++j) pen.draw(canvas, frame, points(0, j), points(1, j));
}

/// A bar for each height, side by side over the whole frame, from 0 up as the axis has it: filled lightly, and with one
/// outline around all of them.
inline void draw_bars(Canvas& canvas, const std::vector<double>& heights, const PlotFrame& frame, Colour colour,
                      double opacity) {
  constexpr double pen = 1.5;
  const auto edge = [&](std::size_t bar) {  // on whole pixels, so that bars meet without a seam
    return std::round(frame.left + frame.width * static_cast<double>(bar) / static_cast<double>(heights.size()));
  };
  for (std::size_t bar = 0; bar < heights.size(); ++bar)
    canvas.rectangle(edge(bar), frame.y(heights[bar]), edge(bar + 1) - edge(bar),
                     frame.bottom() - frame.y(heights[bar]), colour, opacity);
  double before = 0;
  for (std::size_t bar = 0; bar <= heights.size(); ++bar) {
    const double height = bar < heights.size() ? heights[bar] : 0;
    if (height != before) canvas.line(edge(bar), frame.y(before), edge(bar), frame.y(height), pen, colour);
    if (height > 0) canvas.line(edge(bar), frame.y(height), edge(bar + 1), frame.y(height), pen, colour);
    before = height;
  }
}

/// A line of one pixel around it.
inline void draw_frame(Canvas& canvas, const PlotFrame& f) {
  canvas.rectangle(f.left - 1, f.top - 1, f.width + 2, 1, PlotStyle::frame_colour);
  canvas.rectangle(f.left - 1, f.bottom(), f.width + 2, 1, PlotStyle::frame_colour);
  canvas.rectangle(f.left - 1, f.top, 1, f.height, PlotStyle::frame_colour);
  canvas.rectangle(f.right(), f.top, 1, f.height, PlotStyle::frame_colour);
}

/// The size of a title, less where it would be wider than so many pixels.
inline double title_size(const std::string& title, double pixels) {
  const double width = text_width(title, PlotStyle::title_size);
  return width > pixels ? PlotStyle::title_size * pixels / width : PlotStyle::title_size;
}

/// A title or a name in the middle of a frame from left to right, with its baseline at y.
inline void draw_centred(Canvas& canvas, const std::string& text, const PlotFrame& frame, double y) {
  const double size = title_size(text, frame.width);
  draw_text(canvas, text, frame.left + (frame.width - text_width(text, size)) / 2, y, size, PlotStyle::title_colour);
}

/// Above the frame, in its middle.
inline void draw_title(Canvas& canvas, const std::string& title, const PlotFrame& frame) {
  draw_centred(canvas, title, frame, frame.top - PlotStyle::title_size);
}

inline double widest_label(const std::vector<double>& ticks) {
  double width = 0;
  for (const double number : ticks) width = std::max(width, text_width(tick_label(number), PlotStyle::label_size));
  return width;
}

/// The ticks of a horizontal axis of so many pixels, as many as have room for their labels side by side.
inline std::vector<double> ticks_that_fit(const Axis& axis, double pixels) {
  std::vector<double> numbers;
  for (const double about : {4.0, 2.5, 1.5, 1.0}) {
    numbers = ticks(axis.low, axis.length, about);
    const auto count = static_cast<double>(numbers.size());
    if (count * (widest_label(numbers) + PlotStyle::label_size) <= pixels) break;
  }
  return numbers;
}

inline void draw_ticks_below(Canvas& canvas, const std::vector<double>& ticks, const PlotFrame& frame) {
  for (const double number : ticks) {
    const double at = std::floor(frame.x(number));
    const auto label = tick_label(number);
    canvas.rectangle(at, frame.bottom(), 1, PlotStyle::tick_length, PlotStyle::label_colour);
    draw_text(canvas, label, at + 0.5 - text_width(label, PlotStyle::label_size) / 2,
              frame.bottom() + PlotStyle::around + PlotStyle::label_size, PlotStyle::label_size,
              PlotStyle::label_colour);
  }
}

inline void draw_ticks_left(Canvas& canvas, const std::vector<double>& ticks, const PlotFrame& frame) {
  for (const double number : ticks) {
    const double at = std::floor(frame.y(number));
    const auto label = tick_label(number);
    canvas.rectangle(frame.left - PlotStyle::tick_length, at, PlotStyle::tick_length, 1, PlotStyle::label_colour);
    draw_text(canvas, label, frame.left - PlotStyle::around - text_width(label, PlotStyle::label_size),
              at + 0.5 + PlotStyle::label_size / 2, PlotStyle::label_size, PlotStyle::label_colour);
  }
}

/// What rows of panels have in common. Throws InvalidArgument unless there is a panel, the side of panels leaves room
/// for what stands around them on a canvas of 65,535 pixels, and the range, if any, is one.
inline void check_panels(std::string_view operation, std::size_t count, Index size,
                         const std::optional<AxisRange>& range) {
  if (count == 0) throw InvalidArgument(operation, "at least one panel", "none", "pass what is to be shown");
  constexpr Index least = 64, most = 65'000;
  if (size < least || size > most)
    throw InvalidArgument(operation, text("a panel size of ", least, " to ", most, " pixels"), text(size),
                          "draw larger or smaller panels");
  if (range && !(std::isfinite(range->high - range->low) && range->low < range->high))
    throw InvalidArgument(operation, "a finite range from low to high", text(range->low, " to ", range->high),
                          "leave the range out to show what there is");
}

/// The axes of a square around a rectangle, with 4 % more on either side of the longer one. Throws InvalidArgument
/// where its side is infinite.
inline PlotAxes square_view(std::string_view operation, const AxisRange& across, const AxisRange& up,
                            std::string_view hint) {
  const double extent = std::max(across.high - across.low, up.high - up.low);
  const double side = extent > 0 ? 1.08 * extent : 1;
  if (!std::isfinite(side))
    throw InvalidArgument(operation, "points in a range that a double can hold", text("an extent of ", extent), hint);
  return {{across.low / 2 + across.high / 2 - side / 2, side}, {up.low / 2 + up.high / 2 - side / 2, side}};
}

/// Draws square panels in a row on white, all with the same axes, and their titles above them. draw(canvas, panel,
/// frame, k) paints what is inside the frame of panel k.
template <class Panel, class Draw>
Canvas row_of_panels(const std::vector<Panel>& panels, Index panel_size, const PlotAxes& axes, const Draw& draw) {
  using Style = PlotStyle;
  const auto size = static_cast<double>(panel_size), count = static_cast<double>(panels.size());
  const auto across = ticks(axes.across.low, axes.across.length), up = ticks(axes.up.low, axes.up.length);
  const double left = std::ceil(Style::margin + widest_label(up) + Style::around),
               top = Style::margin + 2 * Style::title_size;
  Canvas canvas(static_cast<Index>(left + count * (size + Style::gap) - Style::gap + Style::margin),
                static_cast<Index>(top + size + Style::around + Style::label_size + Style::margin));
  PlotFrame frame{left, top, size, size, axes};
  for (std::size_t k = 0; k < panels.size(); ++k, frame.left += size + Style::gap) {
    draw(canvas, panels[k], frame, k);
    draw_frame(canvas, frame);
    draw_title(canvas, panels[k].title, frame);
    draw_ticks_below(canvas, across, frame);
    if (k == 0) draw_ticks_left(canvas, up, frame);
  }
  return canvas;
}

}  // namespace scorefield::detail
