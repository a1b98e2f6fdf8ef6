/// The mean loss over a data set, without a gradient: for validation on held-out data.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/objective/concept.hpp"

namespace scorefield {

/// The mean loss of the model over samples x0 (d x n), one draw of noise and time for each, always the same for a seed:
/// two models, or two states of one, are compared on equal terms. Its bits do not depend on the threads (0: all).
/// Throws InvalidArgument unless there are samples of the model's dimension, and where the objective does.
template <TrainableModel Model, Objective<Model> Loss>
double mean_loss(const Loss& loss, const Model& model, const Matrix<typename Model::Scalar>& x0, Seed seed,
                 int threads = 0) {
  using Scalar = typename Model::Scalar;
  if (x0.rows() != model.dimension() || x0.cols() == 0)
    throw InvalidArgument("mean_loss", text("samples of ", model.dimension(), " rows, as the model has"),
                          text(x0.rows(), " x ", x0.cols()), "a column is a sample");
  const Chunks chunks{x0.cols(), model.chunk_size()};
  const int workers = static_cast<int>(std::min<Index>(resolve_threads(threads), chunks.pieces()));
  std::vector<decltype(loss.workspace(model))> workspaces;
  for (int i = 0; i < workers; ++i) workspaces.push_back(loss.workspace(model));
  Vector<Scalar> losses(x0.cols());
  parallel_for(chunks.pieces(), workers, [&](Index i, int worker) {
    const Index first = chunks.first(i), n = chunks.length(i);
    loss.loss(model, view(model.parameters()), columns(x0, first, n), Draw{seed, first, 0}, x0.cols(),
              segment(view(losses), first, n), workspaces[static_cast<std::size_t>(worker)]);
  });
  return std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
}

}  // namespace scorefield
