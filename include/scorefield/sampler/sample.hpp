/// sample(): draws samples from a model by any sampler.
#pragma once

#include <cstdint>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/stepper.hpp"

namespace scorefield {

/// Throws NonFinite, naming the first sample that is not; that of column 0 has the number `first`.
template <Real Scalar>
void check_finite(const Matrix<Scalar>& samples, std::int64_t first) {
  for (Index j = 0; j < samples.cols(); ++j)
    if (!samples.col(j).allFinite())
      throw NonFinite(
          "sample", "finite samples", text("a NaN or an infinity in sample ", first + j),
          "take more steps, look at the loss the model was trained to, and whether a condition is like those "
          "it was trained with");
}

/// d x count samples. Sample i of a seed has the same bits in whatever batch and on however many threads it is drawn.
/// Throws InvalidArgument for samples that are not in [0, most_samples), and NonFinite, which names the first sample
/// that is not finite.
template <class Model, class Method>
auto sample(const Model& model, const Method& sampler, Index count, Seed seed, const SampleOptions& options = {}) {
  auto stepper = start(model, sampler, count, seed, options);
  while (!stepper.done()) stepper.step();
  Matrix<typename Model::Scalar> samples = stepper.samples();
  check_finite(samples, options.first);
  return samples;
}

}  // namespace scorefield
