/// A noisy batch of which data and noise are known: what a denoiser is trained on.
#pragma once

#include "scorefield/core/types.hpp"
#include "scorefield/sde/noisy_batch.hpp"

namespace scorefield {

/// Views of n columns each. The weighted error of a denoiser is root_weight (D - x0) / sigma, column by column: the
/// error of the denoised sample in units of the noise that was in it. Models compute it from the error of their
/// network's output, so that nothing is divided by sigma that was multiplied by it. Only its length in each column
/// counts; its direction may be along other axes.
template <Real Scalar>
struct DenoisingTask {
  NoisyBatch<Scalar> noisy;             // alpha x0 + sigma noise
  ConstMatrixView<Scalar> x0, noise;    // d x n
  ConstVectorView<Scalar> root_weight;  // n: the square root of the weight of a squared error
};

}  // namespace scorefield
