/// A simulator to be turned round: a ball is thrown into a wind, and what is seen is where it lands, and how fast.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

namespace posterior {

namespace sf = scorefield;

/// What decides the flight.
struct Throw {
  double elevation;  // degrees above the horizon
  double speed;      // m/s
  double wind;       // m/s from behind, negative against the ball
};

/// What is seen of it, without errors.
struct Landing {
  double distance;  // m
  double speed;     // m/s
};

inline const std::vector<std::string> parameter_names{"elevation (degrees)", "speed (m/s)", "wind (m/s)"};

/// The flight of a baseball over even ground, by the midpoint method: the drag grows with the square of the speed
/// through the air. It has no formula, and neither has its inverse.
inline Landing fly(const Throw& thrown) {
  constexpr double gravity = 9.81, drag = 0.006, step = 0.02;  // m/s^2, 1/m, s
  const double angle = thrown.elevation * std::numbers::pi / 180;
  double x = 0, y = 0, u = thrown.speed * std::cos(angle), v = thrown.speed * std::sin(angle);
  for (;;) {
    const auto slow = [&](double across, double up) { return drag * std::hypot(across - thrown.wind, up); };
    const double half_u = u - step / 2 * slow(u, v) * (u - thrown.wind);
    const double half_v = v - step / 2 * (gravity + slow(u, v) * v);
    if (const double next = y + step * half_v; next < 0) {
      const double part = y / (y - next);
      return {x + part * step * half_u, std::hypot(half_u, half_v)};
    } else {
      y = next;
    }
    x += step * half_u;
    u -= step * slow(half_u, half_v) * (half_u - thrown.wind);
    v -= step * (gravity + slow(half_u, half_v) * half_v);
  }
}

/// `count` throws (3 x count) and what is seen of them (2 x count): a distance, known within 1 m, and a speed, within
/// 1.5 m/s. Before it is seen, a throw may be at any elevation from 5 to 85 degrees, with any speed from 10 to 40 m/s,
/// in a wind of mean 0 and deviation 4 m/s. Throw j of a seed is always the same.
inline sf::Dataset<float> simulate(sf::Index count, sf::Seed seed) {
  sf::Matrix<double> uniform(2, count), normal(3, count);
  sf::Random(seed, "throws").uniform(sf::view(uniform), 0, 0);
  sf::Random(seed, "wind and errors").normal(sf::view(normal), 0, 0);
  sf::Matrix<double> thrown(3, count), seen(2, count);
  for (sf::Index j = 0; j < count; ++j) {
    const Throw ball{5 + 80 * uniform(0, j), 10 + 30 * uniform(1, j), 4 * normal(0, j)};
    const auto landing = fly(ball);
    thrown.col(j) << ball.elevation, ball.speed, ball.wind;
    seen.col(j) << landing.distance + normal(1, j), landing.speed + 1.5 * normal(2, j);
  }
  return {thrown.cast<float>(), seen.cast<float>()};
}

}  // namespace posterior
