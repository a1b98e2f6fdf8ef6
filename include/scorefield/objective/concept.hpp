/// Objectives: losses that models are trained by.
#pragma once

#include <concepts>

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
template <class O, class Model>
concept Objective = TrainableModel<Model> && std::copy_constructible<O> &&
    requires(const O& objective, const Model& model, ConstVectorView<typename Model::Scalar> p,
             const Examples<typename Model::Scalar>& examples, const Draw& draw, Index batch_size,
             VectorView<typename Model::Scalar> out, decltype(objective.workspace(model))& workspace) {
  objective.loss(model, p, examples, draw, batch_size, out, workspace);
  objective.loss_and_gradient(model, p, examples, draw, batch_size, out, out, workspace);
};

}  // namespace scorefield
