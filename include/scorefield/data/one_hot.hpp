/// One-hot encoding: class labels as conditions of numbers.
#pragma once

#include <concepts>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Column j has a 1 in row labels[j], and zeros else: classes x n. labels: any range of integers, as std::vector<int>
/// or an Eigen vector, each in [0, classes); throws InvalidArgument, naming the first that is not, and for classes
/// below 1.
template <Real Scalar, class Labels>
Matrix<Scalar> one_hot(const Labels& labels, Index classes) {
  if (classes < 1)
    throw InvalidArgument("one_hot", "at least one class", text(classes), "say how many labels there are");
  Matrix<Scalar> columns = Matrix<Scalar>::Zero(classes, static_cast<Index>(labels.size()));
  Index j = 0;
  for (const std::integral auto label : labels) {
    if (!std::in_range<Index>(label) || static_cast<Index>(label) < 0 || static_cast<Index>(label) >= classes)
      throw InvalidArgument("one_hot", text("labels from 0 to ", classes - 1), text(label, " for sample ", j),
                            "count the classes from 0 on");
    columns(static_cast<Index>(label), j++) = 1;
  }
  return columns;
}

}  // namespace scorefield
