#include <cmath>
#include <cstdio>
#include <scorefield/scorefield.hpp>

namespace sf = scorefield;

float mean_of_normals(sf::Seed seed);

int main() {
  const float mean = mean_of_normals(sf::Seed{7});
  std::printf("mean %g\n", static_cast<double>(mean));
  return std::abs(mean) < 0.1f ? 0 : 1;
}
