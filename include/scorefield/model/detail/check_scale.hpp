/// The check that data are of the scale that noise is made for.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"

namespace scorefield::detail {

/// How far from 0 and 1 means and deviations may be: the noise of an equation goes from about 0.01 to 1, and networks
/// start from weights for inputs of about 1.
inline constexpr double largest_mean = 5, largest_deviation = 5, smallest_deviation = 0.1;

struct RowScale {
  double mean = 0, deviation = 0, farthest = 0;  // the last from the mean
};

/// Of rows first, first + stride, ... of numbers, of which those that are NaN are not looked at.
template <Real Scalar>
RowScale scale_of(const Matrix<Scalar>& numbers, Index first, Index stride) {
  double shift = 0, sum = 0, squares = 0, n = 0, least = 0, largest = 0;
  for (Index j = 0; j < numbers.cols(); ++j)
    for (Index i = first; i < numbers.rows(); i += stride) {
      if (std::isnan(numbers(i, j))) continue;
      const auto u = static_cast<double>(numbers(i, j));
      if (n == 0) shift = least = largest = u;
      least = std::min(least, u);
      largest = std::max(largest, u);
      sum += u - shift;
      squares = multiply_add(u - shift, u - shift, squares);
      ++n;
    }
  if (n == 0) return {};
  const double mean = shift + sum / n;
  return {mean, std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n))), std::max(largest - mean, mean - least)};
}

/// Throws InvalidArgument for data of which a row, or a channel of images, is not about of mean 0 and deviation 1. Rows
/// that are constant may be so. Rare ones of conditions, as of labels, may have small deviations.
template <class Model>
void check_scale(const std::string& operation, const Dataset<typename Model::Scalar>& data, const Model& model) {
  Index alike = data.dimension();
  if constexpr (requires { model.network().image_shape().channels; }) alike = model.network().image_shape().channels;
  const auto check = [&](const char* of, const auto& numbers, Index i, Index stride, bool by_deviation) {
    const RowScale row = scale_of(numbers, i, stride);
    const double spread = by_deviation ? row.deviation : row.farthest;
    if (std::abs(row.mean) <= largest_mean && row.deviation <= largest_deviation &&
        (row.farthest == 0 || spread >= smallest_deviation))
      return;
    throw InvalidArgument(operation, text(of, " of mean about 0 and deviation about 1, for the model has no units"),
                          text("mean ", row.mean, " and deviation ", row.deviation,
                               stride < numbers.rows() ? " in channel " : " in row ", i),
                          "give it the data's: ScoreModel{equation, network, Units<float>::fit(data), seed}");
  };
  for (Index i = 0; i < alike; ++i) check("data", data.samples(), i, alike, true);
  for (Index i = 0; i < data.condition_size(); ++i)
    check("conditions", data.conditions(), i, data.condition_size(), false);
}

}  // namespace scorefield::detail
