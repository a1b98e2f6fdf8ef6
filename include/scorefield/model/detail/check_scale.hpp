/// The check that data are of the scale that noise is made for.
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/detail/row_scale.hpp"

namespace scorefield::detail {

/// How far from 0 and 1 means and deviations may be: the noise of an equation goes from about 0.01 to 1, and networks
/// start from weights for inputs of about 1.
inline constexpr double largest_mean = 5, largest_deviation = 5, smallest_deviation = 0.05;

/// Of `count` sets of rows: i, i + count, i + 2 count, ...
template <Real Scalar>
std::vector<RowScale> scales_of(const Matrix<Scalar>& numbers, Index count) {
  std::vector<RowScale> scales(static_cast<std::size_t>(count));
  for (Index j = 0; j < numbers.cols(); ++j)
    for (Index i = 0; i < numbers.rows(); ++i)
      if (!std::isnan(numbers(i, j)))  // of a condition that is not given
        scales[static_cast<std::size_t>(i % count)].add(static_cast<double>(numbers(i, j)));
  return scales;
}

/// Throws InvalidArgument for data of which a row, or a channel of images, is not about of mean 0 and deviation 1. Rows
/// that are constant may be so. Rare ones of conditions, as of labels, may have small deviations.
template <class Model>
void check_scale(const std::string& operation, const Dataset<typename Model::Scalar>& data, const Model& model) {
  Index alike = data.dimension();
  if constexpr (requires { model.network().image_shape().channels; })
    if (const Index channels = model.network().image_shape().channels; channels > 0) alike = channels;
  const auto check = [&](const char* of, const auto& numbers, Index count, bool by_deviation) {
    const auto scales = scales_of(numbers, count);
    for (std::size_t i = 0; i < scales.size(); ++i) {
      const auto& row = scales[i];
      const double spread = by_deviation ? row.deviation() : row.farthest();
      if (std::abs(row.mean()) <= largest_mean && row.deviation() <= largest_deviation &&
          (row.constant() || spread >= smallest_deviation))
        continue;
      throw InvalidArgument(
          operation, text(of, " of mean about 0 and deviation about 1, for the model has no units"),
          text("mean ", row.mean(), " and deviation ", row.deviation(),
               count < numbers.rows() ? " in channel " : " in row ", i),
          text("give it the data's: ScoreModel{equation, network, Units<",
               std::same_as<typename Model::Scalar, float> ? "float" : "double", ">::fit(data), seed}"));
    }
  };
  check("data", data.samples(), alike, true);
  if (const Index k = data.condition_size(); k > 0) check("conditions", data.conditions(), k, false);
}

}  // namespace scorefield::detail
