/// Shapes that reach far beyond a picture, brought as near as a canvas takes them, while what is seen stays.
#pragma once

#include <algorithm>
#include <cmath>

#include "scorefield/core/types.hpp"

namespace scorefield::detail {

/// In pixels: far beyond any picture, and near enough for positions to be exact to a thousandth of a pixel.
inline constexpr double far_away = 1e12;

using PixelPoint = Eigen::Vector2d;

/// Differences, lengths and products of unit vectors stay finite below this; what is farther loses its direction.
inline double finite_pixel(double pixel) { return std::clamp(pixel, -4e307, 4e307); }

inline bool in_reach(const PixelPoint& point) { return point.cwiseAbs().maxCoeff() <= far_away; }

/// A point beyond reach, moved to within it. It is not seen from the picture, but lines to it are: line_end() is for
/// those.
inline PixelPoint clamped(const PixelPoint& point) { return point.cwiseMax(-far_away).cwiseMin(far_away); }

/// An end of a segment, moved to within reach along the segment, so that this keeps its direction and its distance from
/// the picture.
inline PixelPoint line_end(const PixelPoint& start, const PixelPoint& end) {
  const double length = std::hypot(end.x() - start.x(), end.y() - start.y());
  if (in_reach(end) || length == 0) return clamped(end);
  const PixelPoint along = (end - start) / length, across(-along.y(), along.x());
  // Both ends are as far to the side of the origin; the number of the nearer one is rounded less.
  const double distance = across.dot(start.cwiseAbs().maxCoeff() < end.cwiseAbs().maxCoeff() ? start : end);
  return along * std::clamp(along.dot(end), -far_away, far_away) + across * std::clamp(distance, -far_away, far_away);
}

/// A path, 2 x L points, each segment of which is seen as it was. A corner beyond reach becomes two: the ends of its
/// segments, between which nothing is seen.
inline Matrix<double> path_in_reach(const Matrix<double>& points) {
  Matrix<double> path(2, 2 * points.cols());
  Index count = 0;
  const auto add = [&](const PixelPoint& point) { path.col(count++).head<2>() = point; };
  for (Index i = 0; i < points.cols(); ++i) {
    const PixelPoint point = points.col(i);
    if (in_reach(point) || points.cols() == 1) {
      add(clamped(point));
      continue;
    }
    if (i > 0) add(line_end(points.col(i - 1), point));
    if (i + 1 < points.cols()) add(line_end(points.col(i + 1), point));
  }
  return path.leftCols(count);
}

struct PixelDisc {
  PixelPoint centre;
  double radius;
};

/// A disc whose edge is seen where it was: a large one is as good as a half plane.
inline PixelDisc disc_in_reach(const PixelPoint& centre, double radius) {
  const double distance = std::hypot(centre.x(), centre.y());
  if (distance <= far_away && radius <= far_away) return {centre, radius};
  const double edge = std::clamp(distance - radius, -far_away, far_away), less = std::min(radius, far_away);
  return {distance > 0 ? PixelPoint(centre * ((less + edge) / distance)) : centre, less};
}

}  // namespace scorefield::detail
