/// Objectives: losses that models are trained by.
#pragma once

#include <concepts>
#include <span>

#include "scorefield/core/types.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/model/concept.hpp"

namespace scorefield {

/// Which random numbers belong to a piece of a batch: those of `seed`, of samples first_sample, first_sample + 1, ...
/// of the batch, of training step `step`.
struct Draw {
  Seed seed;
  Index first_sample;
  Index step;
};

/// A loss of a model, estimated on a batch. Calls are const and allocate nothing; for n examples, a part of a batch of
/// batch_size, n at most model.chunk_size(), and conditions as the model is given them:
///   workspace(model)
///   loss(model, p, examples, draw, batch_size, losses, workspace)
///       writes each sample's loss to losses (n)
///   loss_and_gradient(model, p, examples, draw, batch_size, losses, gradient, workspace)
///       does so too, and adds to `gradient` the part of these samples in the gradient by p of the mean loss over the
///       batch. This is the one place that divides by the batch size.
/// It may offer, for messages:
///   time(workspace, j)
///       the time that column j of the last call with this workspace was looked at
/// and, for training, what a PairingObjective does.
template <class O, class Model>
concept Objective = TrainableModel<Model> && std::copy_constructible<O> &&
    requires(const O& objective, const Model& model, ConstVectorView<typename Model::Scalar> p,
             const Examples<typename Model::Scalar>& examples, const Draw& draw, Index batch_size,
             VectorView<typename Model::Scalar> out, decltype(objective.workspace(model))& workspace) {
  objective.loss(model, p, examples, draw, batch_size, out, workspace);
  objective.loss_and_gradient(model, p, examples, draw, batch_size, out, out, workspace);
};

/// An objective that decides for a whole batch which sample goes with which random numbers. Calls are const and
/// allocate nothing, but for the first:
///   pairing(model, most)    a workspace for batches of up to `most` samples
///   pair(model, x0, draw, order, pairing)
///       writes to order[j] which column of x0 (d x n), with its condition, is to be column j of the batch
template <class O, class Model>
concept PairingObjective = Objective<O, Model> &&
    requires(const O& objective, const Model& model, ConstMatrixView<typename Model::Scalar> x0, const Draw& draw,
             Index most, std::span<Index> order, decltype(objective.pairing(model, most))& pairing) {
  objective.pair(model, x0, draw, order, pairing);
};

}  // namespace scorefield
