/// A robot's world, a point in the plane with a disc around the origin in its way, and demonstrations of how to pass
/// it.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <scorefield/scorefield.hpp>

namespace policy {

namespace sf = scorefield;
using Point = Eigen::Vector2f;

inline constexpr float obstacle_radius = 0.35f;
inline constexpr float goal_radius = 0.05f;  // where it is at the goal
inline constexpr float move_length = 0.05f;  // of those who demonstrate
inline constexpr sf::Index most_moves = 96;  // of a path, which is a column of 2 (1 + most_moves) numbers

/// Tasks, 4 x n: starts below the obstacle, and goals above it.
inline sf::Matrix<float> tasks(sf::Index n, sf::Seed seed, const char* purpose) {
  sf::Matrix<float> u(4, n);
  sf::Random(seed, purpose).uniform(sf::view(u), 0, 0);
  const Eigen::Array4f low{-1, -1.3f, -0.5f, 1}, length{2, 0.3f, 1, 0.2f};
  return (u.array().colwise() * length).colwise() + low;
}

/// How much longer the way from start to goal is on the left of the obstacle than on its right.
inline float detour_on_the_left(const Point& start, const Point& goal) {
  const Point left{-obstacle_radius - 0.2f, 0};
  return (left - start).norm() + (goal - left).norm() - (left + start).norm() - (goal + left).norm();
}

/// How a path, or a part of it, passes the obstacle.
struct Passage {
  float clearance;  // from the obstacle's edge to what is nearest of all straight moves; negative inside
  bool on_the_left;
};
inline Passage passage(const Eigen::Ref<const sf::Vector<float>>& path) {
  Passage of{std::numeric_limits<float>::infinity(), false};
  for (sf::Index i = 2; i < path.size(); i += 2) {
    const Point from = path.segment<2>(i - 2), move = path.segment<2>(i) - from;
    const float along = std::clamp(-from.dot(move) / std::max(1e-12f, move.squaredNorm()), 0.0f, 1.0f);
    const Point nearest = from + along * move;
    if (const float clearance = nearest.norm() - obstacle_radius; clearance < of.clearance)
      of = {clearance, nearest.x() < 0};
  }
  return of;
}

/// A path for each task by somebody who knows the way: a parabola past the obstacle, on the shorter side more often,
/// cut into equal moves. At the goal it stays.
inline sf::Matrix<float> demonstrations(const sf::Matrix<float>& tasks, sf::Seed seed) {
  const sf::Random choices(seed, "choices");
  sf::Matrix<float> paths(2 * (1 + most_moves), tasks.cols()), u(2, 1);
  for (sf::Index j = 0; j < tasks.cols(); ++j) {
    const Point start = tasks.col(j).head<2>(), goal = tasks.col(j).tail<2>();
    sf::Index attempt = 0;
    do {
      choices.uniform(sf::view(u), j, attempt++);
      const float side = u(0) < 1 / (1 + std::exp(detour_on_the_left(start, goal) / 0.3f)) ? -1 : 1;
      const Point beside{side * (obstacle_radius + 0.2f + 0.2f * u(1)), 0}, bend = 2 * beside - (start + goal) / 2;
      paths.col(j) = goal.replicate(1 + most_moves, 1);
      paths.col(j).head<2>() = start;
      Point last = start;
      for (int k = 1, i = 0; k <= 2000 && i < most_moves; ++k) {
        const float t = static_cast<float>(k) / 2000;
        const Point at = (1 - t) * (1 - t) * start + 2 * t * (1 - t) * bend + t * t * goal;
        if ((at - last).norm() >= move_length) paths.col(j).segment<2>(2 * ++i) = last = at;
      }
    } while (passage(paths.col(j)).clearance < 0.15f);
  }
  return paths;
}

}  // namespace policy
