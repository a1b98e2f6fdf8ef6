/// Toy distributions in the plane, each moved and scaled to mean 0 and deviation 1.
#pragma once

#include <cmath>
#include <functional>
#include <numbers>
#include <scorefield/core/random.hpp>
#include <scorefield/core/simd/fused.hpp>
#include <scorefield/data.hpp>
#include <string>
#include <vector>

namespace examples {

struct Distribution {
  std::string name;
  std::function<scorefield::Matrix<float>(scorefield::Index, scorefield::Seed)> draw;  // 2 x n
};

/// Eight normal distributions on a circle.
inline scorefield::Matrix<float> eight_normals(scorefield::Index n, scorefield::Seed seed) {
  scorefield::Matrix<float> means(2, 8);
  for (scorefield::Index k = 0; k < 8; ++k) {
    const double angle = std::numbers::pi / 4 * static_cast<double>(k);
    means.col(k) << static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle));
  }
  const scorefield::Matrix<float> covariance = 0.01f * scorefield::Matrix<float>::Identity(2, 2);
  return scorefield::GaussianMixture<float>(scorefield::Vector<float>::Ones(8), means, {8, covariance}).sample(n, seed);
}

/// Two rings of radii 0.5 and 1, whose width is normal.
inline scorefield::Matrix<float> two_rings(scorefield::Index n, scorefield::Seed seed) {
  const scorefield::Random random(seed, "rings");
  scorefield::Matrix<float> rings(2, n), normals(1, n);
  random.uniform(scorefield::view(rings), 0, 0);
  random.normal(scorefield::view(normals), 0, 1);
  for (scorefield::Index j = 0; j < n; ++j) {
    const float angle = 2 * std::numbers::pi_v<float> * rings(0, j);
    const float radius = scorefield::multiply_add(0.05f, normals(0, j), rings(1, j) < 0.5f ? 0.5f : 1.0f);
    rings.col(j) << radius * std::cos(angle), radius * std::sin(angle);
  }
  return rings;
}

inline std::vector<Distribution> distributions() {
  using scorefield::Index;
  using scorefield::Seed;
  std::vector<Distribution> all{
      {"Swiss roll", [](Index n, Seed seed) { return scorefield::swiss_roll<float>(n, {.seed = seed}); }},
      {"Two moons", [](Index n, Seed seed) { return scorefield::two_moons<float>(n, {.seed = seed}); }},
      {"Checkerboard", [](Index n, Seed seed) { return scorefield::checkerboard<float>(n, {.seed = seed}); }},
      {"Eight normals", eight_normals},
      {"Two rings", two_rings}};
  for (auto& distribution : all)
    distribution.draw = [draw = distribution.draw](Index n, Seed seed) -> scorefield::Matrix<float> {
      const scorefield::Matrix<float> whole = draw(10'000, Seed{0});  // whose mean and deviation are the scale of all
      const scorefield::Vector<float> mean = whole.rowwise().mean();
      const float deviation = std::sqrt((whole.colwise() - mean).squaredNorm() / static_cast<float>(whole.size()));
      return (draw(n, seed).colwise() - mean) / deviation;
    };
  return all;
}

}  // namespace examples
