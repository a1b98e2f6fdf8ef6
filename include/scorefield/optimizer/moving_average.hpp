/// The exponential moving average (EMA) of the parameters.
#pragma once

#include <algorithm>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// average = d average + (1 - d) p after each step, with d = min(decay, (1 + k) / (10 + k)) at step k = 1, 2, ..., so
/// that early parameters are soon forgotten. Samples of averaged parameters are better: Song and Ermon 2020,
/// arXiv:2006.09011.
struct ExponentialMovingAverage {
  double decay = 0.999;

  void validate() const {
    if (!(decay >= 0 && decay < 1))
      throw InvalidArgument("ExponentialMovingAverage", "a decay in [0, 1)", text(decay),
                            "1 - 1/n averages over about the last n steps");
  }

  /// Moves the average, and writes it to `rounded` as Scalar. It is kept in double: a float does not feel a change of
  /// (1 - d) (p - average) below half its last digit.
  template <Real Scalar>
  void update(VectorView<double> average, VectorView<Scalar> rounded, ConstVectorView<Scalar> p, Index step) const {
    const auto k = static_cast<double>(step);
    const double share = 1 - std::min(decay, (1 + k) / (10 + k));
    const auto all = broadcast(share);
    const Index whole = p.size() - p.size() % packet_size<double>;
    for (Index i = 0; i < whole; i += packet_size<double>) {
      const auto old = load<double>(average.data() + i);
      const auto now = multiply_add(all, subtract(load_in_double(p.data() + i), old), old);
      store<double>(average.data() + i, now);
      store_rounded(rounded.data() + i, now);
    }
    for (Index i = whole; i < p.size(); ++i) {
      average(i) = multiply_add(share, static_cast<double>(p(i)) - average(i), average(i));
      rounded(i) = static_cast<Scalar>(average(i));
    }
  }
};

}  // namespace scorefield
