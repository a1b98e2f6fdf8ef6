/// What a sampler must offer.
#pragma once

#include <concepts>
#include <cstdint>

#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"

namespace scorefield {

/// Which samples to draw: sample i of a seed is the same whatever the others and the threads.
struct SampleRequest {
  Index count;
  Seed seed;
  std::int64_t first = 0;  // index of the first sample
  int threads = 0;         // 0: all
};

/// A batch of samples on the way from the prior to data. Steps allocate nothing; one too many throws InvalidArgument.
template <class S>
concept SamplerStepper = requires(S& stepper, const S& constant) {
  stepper.step();
  { constant.done() } -> std::same_as<bool>;
  { constant.time() } -> std::convertible_to<double>;  // in [0, 1]; 1 before the first step
  constant.samples();                                  // d x count, at that time
};

/// Hyper-parameters as a value; start(model, request) makes a stepper, which refers to the model.
template <class S, class Model>
concept Sampler = ScoreFunction<Model> && std::copy_constructible<S> &&
    requires(const S& sampler, const Model& model, const SampleRequest& request) {
  { sampler.start(model, request) } -> SamplerStepper;
};

}  // namespace scorefield
