// Two threads write one sum, on purpose.
#include <cmath>
#include <cstdio>

#include "scorefield/core/parallel/parallel_for.hpp"

int main() {
  double sum = 0;
  scorefield::parallel_for(1000, 4, [&](scorefield::Index i, int) {
    double work = 0;  // enough for the other threads to arrive
    for (int k = 0; k < 1000; ++k) work += std::sin(static_cast<double>(i + k));
    sum += work;
  });
  std::printf("%g\n", sum);
}
