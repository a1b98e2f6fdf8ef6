/// sample(): draws samples from a model by any sampler.
#pragma once

#include <cmath>
#include <cstdint>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/stepper.hpp"

namespace scorefield {

namespace detail {

inline constexpr const char* hint_for_samples =
    "take more steps, look at the loss the model was trained to, and whether a condition is like those it was trained "
    "with";

}  // namespace detail

/// Throws NonFinite, naming the first sample that is not; that of column 0 has the number `first`.
template <Real Scalar>
void check_finite(const Matrix<Scalar>& samples, std::int64_t first) {
  for (Index j = 0; j < samples.cols(); ++j)
    if (!samples.col(j).allFinite())
      throw NonFinite("sample", "finite samples", text("a NaN or an infinity in sample ", first + j),
                      detail::hint_for_samples);
}

namespace detail {

/// Throws NonFinite, which names the first number that is not finite after a step between two times.
template <Real Scalar>
void check_step(const Matrix<Scalar>& samples, std::int64_t first, Scalar from, Scalar to) {
  for (Index j = 0; j < samples.cols(); ++j)
    for (Index i = 0; i < samples.rows(); ++i)
      if (!std::isfinite(samples(i, j)))
        throw NonFinite("sample", "finite samples",
                        text(samples(i, j), " in row ", i, " of sample ", first + j, ", after the step from time ",
                             from, " to ", to),
                        hint_for_samples);
}

}  // namespace detail

/// d x count samples. Sample i of a seed has the same bits in whatever batch and on however many threads it is drawn.
/// Throws InvalidArgument for samples that are not in [0, most_samples), and NonFinite, which names the first sample
/// that is not finite, and the time from which on it is not.
template <class Model, class Method>
auto sample(const Model& model, const Method& sampler, Index count, Seed seed, const SampleOptions& options = {}) {
  for (bool explain = false;; explain = true) {
    auto stepper = start(model, sampler, count, seed, options);
    while (!stepper.done()) {
      const auto from = stepper.time();
      stepper.step();
      if (explain) detail::check_step(stepper.own_samples(), options.first, from, stepper.time());
    }
    if (explain) check_finite(stepper.own_samples(), options.first);
    if (stepper.own_samples().allFinite()) {
      Matrix<typename Model::Scalar> samples = stepper.samples();
      check_finite(samples, options.first);  // data's units may overflow
      return samples;
    }
    // Drawn once more, they are not finite after the same step.
  }
}

}  // namespace scorefield
