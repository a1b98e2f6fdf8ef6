/// TrainingData: where a training run gets its samples from, one batch after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "scorefield/core/types.hpp"

namespace scorefield {

template <Real Scalar>
class Dataset;

/// Samples of d numbers, each with a condition of k, that are fetched by their numbers. A Dataset has them in memory, a
/// MappedDataset (file/mapped_dataset.hpp) in files; a type of one's own may have them anywhere. Threads call these
/// functions at once.
template <Real Scalar>
class TrainingData {
 public:
  virtual ~TrainingData() = default;

  /// d.
  virtual Index dimension() const = 0;
  /// n, from 1 on.
  virtual Index size() const = 0;
  /// k, 0 for samples alone.
  virtual Index condition_size() const = 0;
  /// Tells data apart.
  virtual std::uint64_t fingerprint() const = 0;

  /// Writes the samples of these numbers, in [0, size()), into the columns of `out`, d x of.size(), and allocates
  /// nothing. They are finite. Throws an Error where one cannot be had: the step then throws it, on every rank.
  virtual void fetch_samples(std::span<const Index> of, MatrixView<Scalar> out) const = 0;
  /// The same of what they are given, k x of.size(), in columns of NaN where it is not given. Not called where k is 0.
  virtual void fetch_conditions(std::span<const Index> of, MatrixView<Scalar> out) const = 0;

  /// All samples, where they are in memory already, so that nobody fetches them one by one to look at all; else null.
  virtual const Dataset<Scalar>* in_memory() const { return nullptr; }
};

namespace detail {

/// Writes the columns of these numbers, of a matrix in memory, into those of `out`.
template <Real Scalar>
void fetch_columns(const ConstMatrixView<Scalar>& from, std::span<const Index> of, MatrixView<Scalar> out) {
  for (Index j = 0; j < out.cols(); ++j) out.col(j) = from.col(of[static_cast<std::size_t>(j)]);
}

}  // namespace detail
}  // namespace scorefield
