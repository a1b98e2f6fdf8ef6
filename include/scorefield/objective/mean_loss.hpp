/// The mean loss over a data set, without a gradient: for validation on held-out data.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/model/detail/check_fit.hpp"
#include "scorefield/model/detail/in_units.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

namespace detail {

/// Of data in the model's units.
template <TrainableModel Model, Objective<Model> Loss>
double mean_loss_of(const Loss& loss, const Model& model, const Dataset<typename Model::Scalar>& data, Seed seed,
                    int threads) {
  using Scalar = typename Model::Scalar;
  const Chunks chunks{data.size(), model.chunk_size()};
  const int all = resolve_threads(threads);
  std::vector<decltype(loss.workspace(model))> workspaces;
  for (Index i = 0; i < std::min<Index>(all, chunks.pieces()); ++i) workspaces.push_back(loss.workspace(model));
  Vector<Scalar> losses(data.size());
  parallel_for(chunks.pieces(), all, [&](Index i, int worker) {
    const Index first = chunks.first(i), n = chunks.length(i);
    loss.loss(model, view(model.parameters()), data.examples(first, n), Draw{seed, first, 0}, data.size(),
              segment(view(losses), first, n), workspaces[static_cast<std::size_t>(worker)]);
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

}  // namespace detail

/// The mean loss of the model over data, one draw of noise and time for each sample, always the same for a seed: two
/// models, or two states of one, are compared on equal terms. Its bits do not depend on the threads (0: all). Throws
/// InvalidArgument unless the samples and what they are given are of the model's sizes, and where the objective does.
/// Samples and noise are independent, whatever the objective's coupling. With StratifiedTime sample j of n is looked at
/// in the j-th part of the times alone: shuffle data that are in an order.
template <TrainableModel Model, Objective<Model> Loss>
double mean_loss(const Loss& loss, const Model& model, const Dataset<typename Model::Scalar>& data, Seed seed,
                 int threads = 0) {
  detail::check_fit("mean_loss", data, model);
  if constexpr (detail::HasUnits<Model>)
    if (model.units().dimension() > 0)
      return detail::mean_loss_of(loss, model, model.units().to_model(data), seed, threads);
  return detail::mean_loss_of(loss, model, data, seed, threads);
}

/// The same for a matrix, d x n, that is looked at where it is and not copied.
template <TrainableModel Model, Objective<Model> Loss>
double mean_loss(const Loss& loss, const Model& model, const std::same_as<Matrix<typename Model::Scalar>> auto& x0,
                 Seed seed, int threads = 0) {
  return mean_loss(loss, model, Dataset<typename Model::Scalar>::view_of(x0), seed, threads);
}

}  // namespace scorefield
