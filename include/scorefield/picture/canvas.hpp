/// A picture in memory that shapes are painted on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Parts from 0 to 1.
struct Colour {
  float red = 0, green = 0, blue = 0;
};

/// width x height pixels. Positions are in pixels, x to the right and y down from the upper left corner, and need not
/// be whole: a shape takes a pixel's colour in the part of the pixel that it covers, times its opacity from 0 to 1.
/// What lies outside the canvas is not drawn. Drawing throws InvalidArgument, and draws nothing, when a number is a NaN
/// or beyond 1e100.
class Canvas {
 public:
  /// Throws InvalidArgument when a side is not from 1 to 65,535 pixels.
  Canvas(Index width, Index height, Colour background = {1, 1, 1}) : width_(width), height_(height) {
    constexpr Index most = 65'535;
    if (width < 1 || height < 1 || width > most || height > most)
      throw InvalidArgument("Canvas", text("sides of 1 to ", most, " pixels"), text(width, " x ", height),
                            "draw a smaller picture");
    pixels_.assign(static_cast<std::size_t>(width * height), background);
    coverage_.resize(static_cast<std::size_t>(width));
  }

  Index width() const { return width_; }
  Index height() const { return height_; }

  /// The colour of the pixel that covers [column, column + 1] x [row, row + 1].
  Colour at(Index column, Index row) const { return pixels_[slot(row * width_ + column)]; }
  Colour& at(Index column, Index row) { return pixels_[slot(row * width_ + column)]; }

  void disc(double x, double y, double radius, Colour colour, double opacity = 1) {
    line(x, y, x, y, 2 * radius, colour, opacity);
  }

  void rectangle(double left, double top, double width, double height, Colour colour, double opacity = 1) {
    check({left, top, width, height, opacity});
    fill(
        top, top + height, [=](double) { return std::pair(left, left + width); }, colour, opacity);
  }

  /// A line of some width with round ends: all points within width / 2 of the segment from (x0, y0) to (x1, y1).
  void line(double x0, double y0, double x1, double y1, double width, Colour colour, double opacity = 1) {
    check({x0, y0, x1, y1, width, opacity});
    const RoundLine shape{x0, y0, x1, y1, width / 2};
    fill(shape.top(), shape.bottom(), shape, colour, opacity);
  }

  /// A line through points (2 x n, n from 1 on), with round ends and joints: all that its segments would cover as
  /// lines. Where several cover a pixel, the largest part counts, so that joints and crossings are no darker than the
  /// rest. Throws InvalidArgument as well unless there are points of two rows.
  void path(const Matrix<double>& points, double width, Colour colour, double opacity = 1) {
    if (points.rows() != 2 || points.cols() == 0)
      throw InvalidArgument("Canvas", "a path of 2 x n points, n from 1 on", text(points.rows(), " x ", points.cols()),
                            "a column is a point");
    check({width, opacity});
    for (Index j = 0; j < points.cols(); ++j) check({points(0, j), points(1, j)});
    const double radius = width / 2, top = points.row(1).minCoeff() - radius,
                 bottom = points.row(1).maxCoeff() + radius;
    const Index first_row = row_of(std::floor(top)), rows = row_of(std::ceil(bottom)) - first_row;
    std::vector<double> covered(slot(std::max<Index>(0, rows) * width_));
    for (Index j = points.cols() > 1 ? 1 : 0; j < points.cols(); ++j) {
      const Index from = std::max<Index>(0, j - 1);
      const RoundLine shape{points(0, from), points(1, from), points(0, j), points(1, j), radius};
      cover(shape.top(), shape.bottom(), shape, [&](Index column, Index row, double part) {
        double& most = covered[slot((row - first_row) * width_ + column)];
        most = std::max(most, part);
      });
    }
    for (std::size_t i = 0; i < covered.size(); ++i)
      if (covered[i] > 0) blend(pixels_[slot(first_row * width_) + i], colour, opacity * covered[i]);
  }

  /// Copies a picture, its upper left corner to the pixel (column, row).
  void put(const Canvas& picture, Index column, Index row) {
    for (Index y = std::max<Index>(0, -row); y < std::min(picture.height_, height_ - row); ++y)
      for (Index x = std::max<Index>(0, -column); x < std::min(picture.width_, width_ - column); ++x)
        at(column + x, row + y) = picture.at(x, y);
  }

  /// Three bytes (red, green, blue) a pixel, rows from the top.
  std::vector<std::uint8_t> bytes() const {
    std::vector<std::uint8_t> all;
    all.reserve(3 * pixels_.size());
    for (const Colour& pixel : pixels_)
      for (const float part : {pixel.red, pixel.green, pixel.blue})
        all.push_back(static_cast<std::uint8_t>(std::lround(255 * std::clamp(part, 0.0f, 1.0f))));
    return all;
  }

 private:
  /// Where the numbers pass, so do their differences and squares: spans are never NaN.
  static void check(std::initializer_list<double> numbers) {
    constexpr double most = 1e100;
    for (const double number : numbers)
      if (!(std::abs(number) <= most))
        throw InvalidArgument("Canvas", text("positions, sizes and opacities of at most ", most), text(number),
                              "leave such shapes out");
  }

  static std::size_t slot(Index i) { return static_cast<std::size_t>(i); }

  Index row_of(double y) const { return static_cast<Index>(std::clamp(y, 0.0, static_cast<double>(height_))); }

  static void blend(Colour& pixel, Colour colour, double opacity) {
    const auto part = static_cast<float>(opacity);
    pixel.red += part * (colour.red - pixel.red);
    pixel.green += part * (colour.green - pixel.green);
    pixel.blue += part * (colour.blue - pixel.blue);
  }

  /// Where the horizontal line at y enters and leaves a line of round ends, as cover() asks for.
  struct RoundLine {
    double x0, y0, x1, y1, radius;

    std::pair<double, double> operator()(double y) const { return {outermost(y, -1), outermost(y, 1)}; }

    double top() const { return std::min(y0, y1) - radius; }
    double bottom() const { return std::max(y0, y1) + radius; }

   private:
    /// The outermost point at height y on one side (-1 left, 1 right) is on the circle around some point of the
    /// segment: the one whose radius perpendicular to the segment ends at y, or else the nearest end.
    double outermost(double y, double side) const {
      const double length = std::hypot(x1 - x0, y1 - y0);
      const double up = y0 == y1 ? 0 : side * (x1 - x0) * (y1 > y0 ? 1 : -1) * radius / length;
      const double along = y0 == y1 ? (side * (x1 - x0) > 0 ? 1 : 0) : std::clamp((y + up - y0) / (y1 - y0), 0.0, 1.0);
      const double offset = y - (y0 + along * (y1 - y0));
      return x0 + along * (x1 - x0) + side * std::sqrt(std::max(0.0, radius * radius - offset * offset));
    }
  };

  /// Paints a shape, given as to cover().
  template <class Span>
  void fill(double top, double bottom, const Span& span, Colour colour, double opacity) {
    cover(top, bottom, span, [&](Index column, Index row, double part) {
      blend(pixels_[slot(row * width_ + column)], colour, opacity * part);
    });
  }

  /// Calls paint(column, row, part) for the pixels of which a shape without holes or bays from side to side covers a
  /// part: span(y) is where the horizontal line at y enters and leaves it, for y in [top, bottom]. Along such a line
  /// coverage is exact; across, it is the mean over 16 lines.
  template <class Span, class Paint>
  void cover(double top, double bottom, const Span& span, const Paint& paint) {
    constexpr int lines = 16;
    const auto width = static_cast<double>(width_);
    const Index first_row = row_of(std::floor(top)), last_row = row_of(std::ceil(bottom));
    for (Index row = first_row; row < last_row; ++row) {
      Index first = width_, last = 0;
      for (int line = 0; line < lines; ++line) {
        const double y = static_cast<double>(row) + (line + 0.5) / lines;
        if (y < top || y > bottom) continue;
        auto [left, right] = span(y);
        left = std::clamp(left, 0.0, width), right = std::clamp(right, left, width);
        const auto begin = static_cast<Index>(left), end = static_cast<Index>(std::ceil(right));
        for (Index column = begin; column < end; ++column) {
          const auto pixel = static_cast<double>(column);
          coverage_[slot(column)] += (std::min(right, pixel + 1) - std::max(left, pixel)) / lines;
        }
        first = std::min(first, begin), last = std::max(last, end);
      }
      for (Index column = first; column < last; ++column) paint(column, row, std::exchange(coverage_[slot(column)], 0));
    }
  }

  Index width_;
  Index height_;
  std::vector<Colour> pixels_;    ///< row by row
  std::vector<double> coverage_;  ///< of the row that is being filled; zero in between
};

}  // namespace scorefield
