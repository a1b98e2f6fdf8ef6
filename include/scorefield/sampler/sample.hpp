/// Drawing samples.
#pragma once

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/sampler/concept.hpp"

namespace scorefield {

/// Where in the stream of a seed's samples to start, and on how many threads.
struct SampleOptions {
  Index first = 0;
  int threads = 0;  // 0: all
};

/// d x count samples. Sample i of a seed has the same bits in whatever batch and on however many threads it is drawn.
/// Throws NonFinite, naming the first sample, if one is.
template <ScoreFunction Model, Sampler<Model> Method>
Matrix<typename Model::Scalar> sample(const Model& model, const Method& sampler, Index count, Seed seed,
                                      const SampleOptions& options = {}) {
  auto stepper = sampler.start(model, {count, seed, options.first, options.threads});
  while (!stepper.done()) stepper.step();
  const auto& x = stepper.samples();
  for (Index j = 0; j < x.cols(); ++j)
    if (!x.col(j).allFinite())
      throw NonFinite("sample", "finite samples", text("a NaN or an infinity in sample ", options.first + j),
                      "take more steps, or look at the loss the model was trained to");
  return x;
}

}  // namespace scorefield
