/// A pen that draws digits as hands differ: each stroke of the table a little elsewhere.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/image/detail/digit_strokes.hpp"

namespace scorefield::detail {

/// The memory is allocated by the first glyph and kept for the others. Lengths are in pixels.
class DigitPen {
 public:
  static constexpr int side = 28;

  explicit DigitPen(const Random& random) : random_(random), chances_(40, 1) {}

  /// Draws glyph j, a `digit` in [0, 9], as side x side numbers in [0, 1], rows from the top.
  template <Real Scalar>
  void draw(Index j, int digit, Scalar* image) {
    random_.uniform(view(chances_), j, 0);
    next_chance_ = 0;
    const float radius = 1.3f + vary(0.5f);
    trace(digit, static_cast<int>(random_.below(DigitTable::styles, j, 2)));
    place(radius);
    paint(radius, image);
  }

 private:
  using Position = Eigen::Vector2f;

  struct Line {
    Position from, to;
  };

  /// The next random number of the glyph, uniform in (-most, most].
  float vary(float most) { return most * (2 * chances_(next_chance_++) - 1); }

  /// The strokes of a digit as lines, of any size and anywhere.
  SCOREFIELD_ONE_COPY void trace(int digit, int style) {
    lines_.clear();
    // A hand slants, to the right more often than to the left, rises, widens and bends all strokes alike.
    const float slant = 0.2f + vary(0.4f), rise = vary(0.2f), width = std::exp(vary(0.3f));
    const float bend_across = vary(0.015f), bend_along = vary(0.015f);
    for (const DigitStroke& stroke : DigitTable::strokes) {
      if (stroke.digit != digit || stroke.style != style) continue;
      points_.clear();
      for (const DigitStroke::Point& point : stroke.points) {
        const float x = point.x - 6 + vary(1.4f), y = point.y - 10 + vary(1.4f);
        const float across = x + bend_across * y * y, along = y + bend_along * x * x;
        points_.emplace_back(width * across - slant * along, along + rise * across);
        // The curve passes through a point that is there twice.
        const bool end = &point == stroke.points.begin() || &point + 1 == stroke.points.end();
        if (point.corner || end) points_.push_back(points_.back());
      }
      for (std::size_t i = 1; i + 1 < points_.size(); ++i)
        curve((points_[i - 1] + points_[i]) / 2, points_[i], (points_[i] + points_[i + 1]) / 2);
    }
  }

  /// A Bezier curve of degree 2.
  void curve(const Position& start, const Position& control, const Position& end) {
    constexpr int pieces = 5;
    Position pen = start;
    for (int piece = 1; piece <= pieces; ++piece) {
      const float s = static_cast<float>(piece) / pieces, r = 1 - s;
      const Position next = r * r * start + 2 * r * s * control + s * s * end;
      lines_.push_back({pen, next});
      pen = next;
    }
  }

  /// As in MNIST, the ink fills a box of about 20 x 20, and the centre of its mass is about that of the image.
  SCOREFIELD_ONE_COPY void place(float radius) {
    Eigen::Array2f low = lines_.front().from, high = low;
    Position moment = Position::Zero();
    float length = 0;
    for (const auto& [from, to] : lines_) {
      low = low.min(to.array()), high = high.max(to.array());
      moment += (to - from).norm() * (from + to) / 2;
      length += (to - from).norm();
    }
    const Eigen::Array2f mean = moment / length;
    const float scale = (19 + vary(1) - 2 * radius) / (high - low).maxCoeff();
    const float x = side / 2 + vary(0.7f), y = side / 2 + vary(0.7f), margin = radius + 0.5f;
    // All ink stays within the image.
    const Eigen::Array2f centre =
        Eigen::Array2f(x, y).max(margin + scale * (mean - low)).min(side - margin - scale * (high - mean));
    for (auto& [from, to] : lines_)
      for (Position* end : {&from, &to}) *end = centre + scale * (end->array() - mean);
  }

  /// Ink is what is within `radius` of a line; a pixel at the edge takes the part of it that the distance suggests.
  template <Real Scalar>
  void paint(float radius, Scalar* image) const {
    const float reach = radius + 0.5f;
    const auto squares = squared_distances(reach);
    std::transform(squares.begin(), squares.end(), image, [reach](float square) {
      return static_cast<Scalar>(std::clamp(reach - std::sqrt(square), 0.0f, 1.0f));
    });
  }

  /// The squared distance of each pixel's centre to the nearest line, at most reach^2.
  SCOREFIELD_ONE_COPY std::array<float, side * side> squared_distances(float reach) const {
    std::array<float, side * side> squares;
    squares.fill(reach * reach);
    for (const auto& [from, to] : lines_) {
      const Position step = to - from;
      const float divisor = std::max(step.squaredNorm(), std::numeric_limits<float>::min());
      const Eigen::Array2f low = from.cwiseMin(to), high = from.cwiseMax(to);
      const Eigen::Array2i first = (low - reach).cast<int>(), last = (high + reach).cast<int>().min(side - 1);
      for (int row = first.y(); row <= last.y(); ++row)
        for (int column = first.x(); column <= last.x(); ++column) {
          const Position offset = Eigen::Array2i(column, row).cast<float>() + 0.5f - from.array();
          const float part = std::clamp(offset.dot(step) / divisor, 0.0f, 1.0f);
          float& square = squares[static_cast<std::size_t>(side * row + column)];
          square = std::min(square, (offset - part * step).squaredNorm());
        }
    }
    return squares;
  }

  Random random_;
  Matrix<float> chances_;  ///< of one glyph, which takes 33 at most
  Index next_chance_ = 0;
  std::vector<Position> points_;
  std::vector<Line> lines_;
};

}  // namespace scorefield::detail
