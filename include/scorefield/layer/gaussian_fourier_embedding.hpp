/// GaussianFourierEmbedding: random Fourier features of a number.
#pragma once

#include <cmath>
#include <numbers>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/layer/detail/frequency_embedding.hpp"

namespace scorefield {

/// 1 -> outputs: sin(2 pi f_i x) for i in [0, m), then cos(2 pi f_i x), m = outputs / 2, with frequencies f_i drawn
/// once from a normal distribution of deviation `scale`. Tancik et al. 2020, arXiv:2006.10739, section 6; for time Song
/// et al. 2021, arXiv:2011.13456, appendix H, with scale 16. The seed is part of a model: parameters that were trained
/// with one go with no other.
template <Real S>
class GaussianFourierEmbedding : public detail::FrequencyEmbedding<S> {
 public:
  using Scalar = S;

  /// Throws InvalidArgument unless outputs is even and positive and scale finite and positive.
  GaussianFourierEmbedding(Index outputs, Scalar scale, Seed seed)
      : detail::FrequencyEmbedding<S>(drawn(Base::checked_half("GaussianFourierEmbedding", outputs), scale, seed)) {}

 private:
  using Base = detail::FrequencyEmbedding<S>;

  static Vector<Scalar> drawn(Index count, Scalar scale, Seed seed) {
    if (!(scale > 0 && std::isfinite(scale)))
      throw InvalidArgument("GaussianFourierEmbedding", "a finite positive scale", text(scale),
                            "16 suits times in [0, 1]");
    Vector<Scalar> frequencies(count);
    Random(seed, "fourier features").normal(MatrixView<Scalar>(frequencies.data(), count, 1), 0, 0);
    frequencies *= 2 * std::numbers::pi_v<Scalar> * scale;
    return frequencies;
  }
};

}  // namespace scorefield
