/// What steppers along a grid of times share.
#pragma once

#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/sample_batch.hpp"

namespace scorefield {

/// A batch at one of the times, from the first to the last; the stepper that derives from it takes it to the next.
template <ScoreFunction Model>
class GridStepper {
 public:
  using Scalar = typename Model::Scalar;

  bool done() const { return step_ + 1 == times_.size(); }
  Scalar time() const { return times_(step_); }
  const Matrix<Scalar>& samples() const { return batch_.samples(); }

 protected:
  GridStepper(const Model& model, const SampleRequest& request, Vector<Scalar> times)
      : batch_(model, request), times_(std::move(times)) {}

  /// Throws InvalidArgument, in the name of the sampler, after the last step.
  void check_not_done(const char* sampler) const {
    if (done())
      throw InvalidArgument(text(sampler, "::step"), "a stepper that is not done",
                            text("one at its last time ", time()), "loop while (!stepper.done())");
  }

  SampleBatch<Model> batch_;
  Vector<Scalar> times_;
  Index step_ = 0;
};

}  // namespace scorefield
