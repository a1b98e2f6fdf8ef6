/// Conditions: numbers that a sample is given, such as a label or an observation, and the state of being given none.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "scorefield/core/detail/given.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// The conditions of n samples that are given none, of those that could be given k numbers: k x n. They stand for
/// "not given" wherever users pass conditions: columns of NaN, which no number is.
template <Real Scalar>
Matrix<Scalar> not_given(Index k, Index n = 1) {
  return Matrix<Scalar>::Constant(k, n, std::numeric_limits<Scalar>::quiet_NaN());
}

/// What samples are to be given, in calls: k x 1, the same for all, or k x n, one each; a column of NaN is not given.
/// Any Eigen expression of numbers converts to it. Without columns where a model is given nothing.
struct Condition {
  Matrix<double> values;  // which hold floats exactly

  Condition() = default;
  template <class Derived>
  Condition(const Eigen::MatrixBase<Derived>& numbers) : values(numbers.template cast<double>()) {}
};

namespace detail {

/// What networks are told in place of k numbers: these, and below them a 1; zeros alone where they are not given.
constexpr Index told_size(Index k) { return k > 0 ? k + 1 : 0; }

/// Writes what a network is told of conditions (k x n) to `told` (told_size(k) x n).
template <Real Scalar>
void tell(ConstMatrixView<Scalar> condition, MatrixView<Scalar> told) {
  const Index k = condition.rows();
  if (k == 0) return;
  for (Index j = 0; j < condition.cols(); ++j) {
    const bool given = !std::isnan(condition(0, j));
    for (Index i = 0; i < k; ++i) told(i, j) = given ? condition(i, j) : Scalar(0);
    told(k, j) = given ? Scalar(1) : Scalar(0);
  }
}

/// What a network is told of a user's condition of k numbers for n samples. Throws InvalidArgument for another shape, a
/// condition where k is 0, and none where it is not; NonFinite for numbers that are not finite in one that is given.
template <Real Scalar>
Matrix<Scalar> told_conditions(const std::string& operation, const Condition& of, Index k, Index n) {
  const Matrix<Scalar> condition = of.values.template cast<Scalar>();
  if (condition.size() == 0 && k > 0)
    throw InvalidArgument(operation, text("a condition of ", k, " numbers, as the model is told"), "none",
                          "pass what each sample is given, or not_given for nothing");
  if (condition.size() > 0 && condition.rows() != k)
    throw InvalidArgument(operation,
                          k == 0 ? std::string("no condition, for the model is told none")
                                 : text("a condition of ", k, " rows, as the model is told"),
                          text(condition.rows(), " x ", condition.cols()), "a column is what a sample is given");
  if (k > 0 && condition.cols() != 1 && condition.cols() != n)
    throw InvalidArgument(operation, text("one condition for all samples, or one for each of ", n),
                          text(condition.cols()), "a column is what a sample is given");
  Matrix<Scalar> told(told_size(k), n);
  if (k == 0) return told;
  if (const Index j = first_half_given(condition); j < condition.cols())
    throw NonFinite(operation, "finite conditions", text("a NaN or an infinity in column ", j),
                    "repair it, or pass not_given");
  const Matrix<Scalar> each = condition.replicate(1, condition.cols() == n ? 1 : n);
  tell(view(each), view(told));
  return told;
}

/// The size k of the conditions that a network or a denoiser can be told; 0 for those that do not say.
template <class Told>
Index condition_size(const Told& of) {
  if constexpr (requires { of.condition_size(); })
    return of.condition_size();
  else
    return 0;
}

}  // namespace detail

}  // namespace scorefield
