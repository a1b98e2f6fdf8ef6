/// Samples in memory, looked at once so that nothing after has to.
#pragma once

#include <cmath>
#include <concepts>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Owns samples of d numbers as the columns of a d x n matrix; all are finite, and there is at least one. A matrix
/// converts to it, so that a function of a Dataset is called with a matrix.
template <Real Scalar>
class Dataset {
 public:
  /// samples: d x n. Throws InvalidArgument when d or n is 0, NonFinite when a number is NaN or infinite; it names the
  /// first bad sample.
  Dataset(Matrix<Scalar> samples) : samples_(std::move(samples)) {
    if (samples_.size() == 0)
      throw InvalidArgument("Dataset", "at least one row and one column",
                            text("a matrix of ", samples_.rows(), " x ", samples_.cols()),
                            "pass samples as the columns of a matrix");
    if (!samples_.allFinite()) throw_first_bad();
  }

  /// Any other Eigen expression or matrix of that scalar, d x n; it is copied. Throws like the above.
  template <class Derived>
  requires std::same_as<typename Derived::Scalar, Scalar> Dataset(const Eigen::MatrixBase<Derived>& samples)
      : Dataset(Matrix<Scalar>(samples)) {}

  /// d.
  Index dimension() const { return samples_.rows(); }
  /// n.
  Index size() const { return samples_.cols(); }
  /// d x n.
  const Matrix<Scalar>& samples() const { return samples_; }

 private:
  [[noreturn]] void throw_first_bad() const {
    const Scalar* first = samples_.data();
    while (std::isfinite(*first)) ++first;
    const Index at = static_cast<Index>(first - samples_.data());
    throw NonFinite("Dataset", "finite numbers",
                    text(*first, " in row ", at % samples_.rows(), " of sample (column) ", at / samples_.rows()),
                    "remove or repair such samples");
  }

  Matrix<Scalar> samples_;
};

template <class Derived>
Dataset(const Eigen::MatrixBase<Derived>&) -> Dataset<typename Derived::Scalar>;

}  // namespace scorefield
