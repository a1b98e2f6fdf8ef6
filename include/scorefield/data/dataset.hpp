/// A data set in memory whose numbers are checked once, so that nothing after has to.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <span>
#include <utility>

#include "scorefield/core/detail/given.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/fingerprint.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/data/training_data.hpp"

namespace scorefield {

/// Samples of d numbers as the columns of a d x n matrix; all are finite, and there is at least one. Each may have a
/// condition: what it is given, k numbers. It owns them, but for view_of. A matrix converts to it, so that a function
/// of a Dataset is called with a matrix.
template <Real Scalar>
class Dataset : public TrainingData<Scalar> {
 public:
  /// samples: d x n. Throws InvalidArgument when d or n is 0, NonFinite when a number is NaN or infinite; it names the
  /// first bad sample.
  Dataset(Matrix<Scalar> samples) : owned_(std::move(samples)) { check(); }

  /// samples: d x n, conditions: k x n, of which columns of NaN are not given. Throws like the above, and
  /// InvalidArgument unless there are as many conditions as samples, NonFinite where a number of a condition that is
  /// given is not finite.
  Dataset(Matrix<Scalar> samples, Matrix<Scalar> conditions)
      : owned_(std::move(samples)), conditions_(std::move(conditions)) {
    check();
    check_conditions();
  }

  /// Any other Eigen expression or matrix of that scalar, d x n; it is copied. Throws like the above.
  template <class Derived>
  requires std::same_as<typename Derived::Scalar, Scalar> Dataset(const Eigen::MatrixBase<Derived>& samples)
      : Dataset(Matrix<Scalar>(samples)) {}

  /// Refers to a matrix, which must outlive it and its copies, and copies nothing. Throws like the above.
  static Dataset view_of(const Matrix<Scalar>& samples) {
    Dataset data;
    data.viewed_ = &samples;
    data.check();
    return data;
  }
  static Dataset view_of(const Matrix<Scalar>&&) = delete;

  /// d.
  Index dimension() const override { return samples().rows(); }
  /// n.
  Index size() const override { return samples().cols(); }
  /// d x n.
  const Matrix<Scalar>& samples() const { return viewed_ ? *viewed_ : owned_; }

  /// k, 0 for samples alone.
  Index condition_size() const override { return conditions_.rows(); }
  /// k x n.
  const Matrix<Scalar>& conditions() const { return conditions_; }
  /// `count` samples from `first` on, with what they are given.
  Examples<Scalar> examples(Index first, Index count) const {
    return {columns(samples(), first, count),
            condition_size() > 0 ? columns(conditions_, first, count) : ConstMatrixView<Scalar>(nullptr, 0, count)};
  }

  /// Tells data apart.
  std::uint64_t fingerprint() const override {
    Fingerprint of;
    of.add(samples());
    if (condition_size() > 0) of.add(conditions_);
    return of.value();
  }

  void fetch_samples(std::span<const Index> of, MatrixView<Scalar> out) const override {
    detail::fetch_columns(view(samples()), of, out);
  }
  void fetch_conditions(std::span<const Index> of, MatrixView<Scalar> out) const override {
    detail::fetch_columns(view(conditions_), of, out);
  }
  const Dataset* in_memory() const override { return this; }

 private:
  Dataset() = default;

  void check() const {
    const auto& x = samples();
    if (x.size() == 0)
      throw InvalidArgument("Dataset", "at least one row and one column",
                            text("a matrix of ", x.rows(), " x ", x.cols()), "pass samples as the columns of a matrix");
    if (x.allFinite()) return;
    const Scalar* first = x.data();
    while (std::isfinite(*first)) ++first;
    const Index at = static_cast<Index>(first - x.data());
    throw NonFinite("Dataset", "finite numbers",
                    text(*first, " in row ", at % x.rows(), " of sample (column) ", at / x.rows()),
                    "remove or repair such samples");
  }

  void check_conditions() const {
    const Index k = condition_size(), n = size();
    if (conditions_.cols() != n || k == 0)
      throw InvalidArgument(
          "Dataset", text("conditions of at least one row and ", n, " columns, one for each sample"),
          text(k, " x ", conditions_.cols()),
          "a column is what the sample in that column is given: transpose data whose rows are samples");
    if (const Index j = detail::first_half_given(conditions_); j < n)
      throw NonFinite("Dataset", "finite numbers in conditions", text("a NaN or an infinity in that of sample ", j),
                      "repair it, or make the whole column NaN where it is not given");
  }

  Matrix<Scalar> owned_, conditions_;
  const Matrix<Scalar>* viewed_ = nullptr;
};

template <class Derived>
Dataset(const Eigen::MatrixBase<Derived>&) -> Dataset<typename Derived::Scalar>;
template <class Samples, class Conditions>
Dataset(const Eigen::MatrixBase<Samples>&, const Eigen::MatrixBase<Conditions>&) -> Dataset<typename Samples::Scalar>;

}  // namespace scorefield
