#include <scorefield/scorefield.hpp>

float mean_of_normals(scorefield::Seed seed) {
  scorefield::Matrix<float> draws(2, 10'000);
  scorefield::Random(seed, "package").normal(scorefield::view(draws), 0, 0);
  return draws.mean();
}
