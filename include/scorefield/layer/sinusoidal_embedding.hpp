/// SinusoidalEmbedding: sines and cosines of a number at fixed frequencies.
#pragma once

#include <cmath>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/frequency_embedding.hpp"

namespace scorefield {

/// Angular frequencies, in radians per unit of the input. The defaults are for times in [0, 1] what those of Ho et al.
/// 2020 are for 1,000 steps, 1 to 1/10,000.
struct FrequencyRange {
  double highest = 1000;
  double lowest = 0.1;
};

/// 1 -> outputs: sin(w_i x) for i in [0, m), then cos(w_i x), m = outputs / 2, with frequencies w_i in a geometric row
/// from the highest to the lowest, which both occur; the highest alone for m = 1. Vaswani et al. 2017,
/// arXiv:1706.03762, section 3.5; for time Ho et al. 2020, arXiv:2006.11239, appendix B.
template <Real S>
class SinusoidalEmbedding : public detail::FrequencyEmbedding<S> {
 public:
  using Scalar = S;

  /// Throws InvalidArgument unless outputs is even and positive, and 0 < lowest <= highest < infinity.
  explicit SinusoidalEmbedding(Index outputs, const FrequencyRange& range = {})
      : detail::FrequencyEmbedding<S>(row(Base::checked_half("SinusoidalEmbedding", outputs), range)) {}

 private:
  using Base = detail::FrequencyEmbedding<S>;

  static Vector<Scalar> row(Index count, const FrequencyRange& range) {
    if (!(range.lowest > 0 && range.lowest <= range.highest && std::isfinite(range.highest)))
      throw InvalidArgument("SinusoidalEmbedding", "finite frequencies 0 < lowest <= highest",
                            text(range.lowest, " and ", range.highest), "0.1 and 1000 suit times in [0, 1]");
    Vector<Scalar> frequencies(count);
    frequencies(0) = static_cast<Scalar>(range.highest);
    for (Index i = 1; i < count; ++i)
      frequencies(i) =
          static_cast<Scalar>(range.highest * std::pow(range.lowest / range.highest,
                                                       static_cast<double>(i) / static_cast<double>(count - 1)));
    return frequencies;
  }
};

}  // namespace scorefield
