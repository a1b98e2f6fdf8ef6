/// Bits per dimension of numbers that stand for bins, such as grey levels, and their uniform dequantisation.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "scorefield/core/detail/sample_range.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

namespace detail {

inline void check_bin_width(const char* operation, double bin_width) {
  if (!(bin_width > 0 && std::isfinite(bin_width)))
    throw InvalidArgument(operation, "a positive, finite bin_width", text(bin_width),
                          "it is the distance of neighbouring levels in the units of the data: 2.0 / 255 for 256 "
                          "levels from -1 to 1");
}

}  // namespace detail

/// Samples x (d x n) of which each number stands for the bin around it, with a number drawn uniformly from that bin in
/// its place: x + bin_width (u - 1/2). A density of data of few levels is not bounded unless they are spread so. Theis
/// et al. 2016, arXiv:1511.01844, section 3.1. Column j is that of sample first + j of the seed. Throws InvalidArgument
/// unless the width is positive and finite.
template <Real Scalar>
Matrix<Scalar> dequantised(const Matrix<Scalar>& x, double bin_width, Seed seed, std::int64_t first = 0) {
  detail::check_bin_width("dequantised", bin_width);
  if (x.size() == 0) return x;
  detail::check_sample_range("dequantised", x.rows(), x.cols(), first);
  Matrix<Scalar> spread(x.rows(), x.cols());
  Random(seed, "dequantisation").uniform(view(spread), first, 0);
  for (Index j = 0; j < x.cols(); ++j)
    for (Index i = 0; i < x.rows(); ++i)
      spread(i, j) = multiply_add(static_cast<Scalar>(bin_width), spread(i, j) - Scalar(0.5), x(i, j));
  return spread;
}

/// The bits a number that it takes to code samples of d numbers, of which log_density (n, in nats) is that of
/// dequantised ones, in the units in which bins have that width: -(log p / d + log(bin_width)) / log(2), n of them. On
/// average a bound on what the model of the bins themselves takes. Uniform noise of 256 levels has 8. Theis et al.
/// 2016, arXiv:1511.01844, equation 6. Throws InvalidArgument unless d is positive, and the width positive and finite.
inline Vector<double> bits_per_dimension(const Vector<double>& log_density, Index d, double bin_width) {
  detail::check_bin_width("bits_per_dimension", bin_width);
  if (d < 1)
    throw InvalidArgument("bits_per_dimension", "samples of one number or more", text(d), "d is the model's dimension");
  const double log_width = std::log(bin_width);
  Vector<double> bits(log_density.size());
  for (Index j = 0; j < bits.size(); ++j)
    bits(j) = -(log_density(j) / static_cast<double>(d) + log_width) / std::numbers::ln2;
  return bits;
}

}  // namespace scorefield
