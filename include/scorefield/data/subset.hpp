/// A part of data, in memory: what is fitted to data that are not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/training_data.hpp"

namespace scorefield {

/// `count` samples with what they are given, in the order of the data: one at random of each of `count` equal parts of
/// them, or all where there are no more. Ten thousand are enough to fit Units or a LinearDenoiserCorrection to:
///   Units<float>::fit(subset(data, 10'000)).
/// A row that is constant in the subset alone is taken for a constant, and the run is refused the first number that is
/// another: take more samples, or let channels share units. Throws InvalidArgument for a count below 1, and what the
/// data throw.
template <Real Scalar>
Dataset<Scalar> subset(const TrainingData<Scalar>& data, Index count, Seed seed = 0) {
  if (count < 1) throw InvalidArgument("subset", "a count from 1 on", text(count), "pass the number of samples");
  count = std::min(count, data.size());
  const Random random(seed, "subset");
  const Index length = data.size() / count, longer = data.size() % count;
  std::vector<Index> of(static_cast<std::size_t>(count));
  for (Index i = 0; i < count; ++i)
    of[static_cast<std::size_t>(i)] = i * length + std::min(i, longer) + random.below(length + (i < longer), i, 0);
  Matrix<Scalar> samples(data.dimension(), count);
  data.fetch_samples(of, view(samples));
  if (data.condition_size() == 0) return samples;
  Matrix<Scalar> conditions(data.condition_size(), count);
  data.fetch_conditions(of, view(conditions));
  return {std::move(samples), std::move(conditions)};
}

}  // namespace scorefield
