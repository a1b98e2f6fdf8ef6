// Exponentials against the math library's, for refused_flags.sh; ends with 1 where they are off.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <scorefield/core/simd/elementary.hpp>

namespace {

/// In units of the scalar's precision.
template <class Scalar>
double worst_error() {
  double worst = 0;
  for (int i = 0; i < 2000; ++i) {
    const Scalar z = static_cast<Scalar>(-i) * Scalar(0.03);
    Scalar exponential;
    scorefield::transform(
        &exponential, 1, [](const auto& p) { return scorefield::exp_of_negative(p); }, &z);
    const double expected = std::exp(static_cast<double>(z));
    worst = std::max(worst, std::abs(static_cast<double>(exponential) - expected) / expected);
  }
  return worst / static_cast<double>(std::numeric_limits<Scalar>::epsilon());
}

}  // namespace

int main() {
  const double single_precision = worst_error<float>(), double_precision = worst_error<double>();
  std::printf("exponentials are off by %g and %g units\n", single_precision, double_precision);
  return single_precision < 2 && double_precision < 3 ? 0 : 1;
}
