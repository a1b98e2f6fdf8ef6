/// The data of a run that is handed its batches one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "scorefield/core/detail/given.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/data/training_data.hpp"

namespace scorefield::detail {

/// The batch of the step that is being made, of which sample j is column j.
template <Real Scalar>
class StreamedData : public TrainingData<Scalar> {
 public:
  StreamedData(Index dimension, Index condition_size, Index batch_size)
      : batch_({nullptr, dimension, 0}, {nullptr, condition_size, 0}), numbers_(static_cast<std::size_t>(batch_size)) {
    std::iota(numbers_.begin(), numbers_.end(), Index{0});
  }

  Index dimension() const override { return batch_.x0.rows(); }
  Index size() const override { return batch_.size(); }
  Index condition_size() const override { return batch_.condition.rows(); }
  std::uint64_t fingerprint() const override { return 0; }  // a stream is not told from another

  /// Refers to the batch until the next one. Throws InvalidArgument for one of another shape, NonFinite unless it is
  /// finite, and keeps the one before.
  void take(const char* operation, const Examples<Scalar>& batch) {
    const auto shape = [](Index rows, const auto& columns) { return text(rows, " x ", columns); };
    const Index most = static_cast<Index>(numbers_.size()), n = batch.size();
    if (batch.x0.rows() != dimension() || n < 1 || n > most)
      throw InvalidArgument(operation, text("a batch of ", shape(dimension(), "1"), " to ", shape(dimension(), most)),
                            shape(batch.x0.rows(), n), "a column is a sample; ask for a batch_size of the largest");
    if (batch.condition.rows() != condition_size() || batch.condition.cols() != n)
      throw InvalidArgument(operation, text("conditions of ", shape(condition_size(), n)),
                            shape(batch.condition.rows(), batch.condition.cols()),
                            "pass {samples, conditions}, with as many columns");
    if (!batch.x0.allFinite() || first_half_given(batch.condition) < n)
      throw NonFinite(operation, "finite numbers in the batch", "a NaN or an infinity",
                      "leave such samples out; what a sample is given is NaN as a whole, or not at all");
    std::destroy_at(&batch_);
    std::construct_at(&batch_, batch);  // since assigning to a view writes to what it is of
  }

  /// The numbers of its samples.
  std::span<const Index> numbers() const { return std::span(numbers_).first(static_cast<std::size_t>(size())); }

  void fetch_samples(std::span<const Index> of, MatrixView<Scalar> out) const override {
    fetch_columns(batch_.x0, of, out);
  }
  void fetch_conditions(std::span<const Index> of, MatrixView<Scalar> out) const override {
    fetch_columns(batch_.condition, of, out);
  }

 private:
  Examples<Scalar> batch_;
  std::vector<Index> numbers_;
};

}  // namespace scorefield::detail
