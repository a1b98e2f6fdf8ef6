/// What samplers and objectives need of a model.
#pragma once

#include <concepts>
#include <type_traits>

#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// An equation and the score of its marginals, grad log p_t(x): all that a sampler needs. Calls are const and allocate
/// nothing, and a column of the score depends on those of x and t alone, to the last bit, so that a sample does not on
/// the batch that it is in; for x and score (d x n), t (n), n at most chunk_size():
///   sde(), dimension(), chunk_size(), workspace()
///   score(x, t, score, workspace)
template <class M>
concept ScoreFunction = std::copy_constructible<M> && Real<typename M::Scalar> &&
    requires(const M& model, ConstMatrixView<typename M::Scalar> x, ConstVectorView<typename M::Scalar> t,
             MatrixView<typename M::Scalar> score, typename M::Workspace& workspace) {
  requires Sde<std::remove_cvref_t<decltype(model.sde())>>;
  { model.dimension() } -> std::convertible_to<Index>;
  { model.chunk_size() } -> std::convertible_to<Index>;
  { model.workspace() } -> std::same_as<typename M::Workspace>;
  model.score(x, t, score, workspace);
};

/// A score function with parameters that can be learnt:
///   parameters(), set_parameters(p)
///   score_forward(p, x, t, score, workspace)           the score for parameters p; keeps what score_backward needs
///   score_backward(p, dscore, gradient, workspace)     adds the gradient of a loss by p, given the one by the score
template <class M>
concept TrainableModel = ScoreFunction<M> &&
    requires(M& model, const M& constant, const Vector<typename M::Scalar>& p, ConstMatrixView<typename M::Scalar> x,
             ConstVectorView<typename M::Scalar> t, MatrixView<typename M::Scalar> score,
             VectorView<typename M::Scalar> gradient, typename M::Workspace& workspace) {
  { constant.parameters() } -> std::convertible_to<const Vector<typename M::Scalar>&>;
  model.set_parameters(p);
  constant.score_forward(t, x, t, score, workspace);
  constant.score_backward(t, score, gradient, workspace);
};

}  // namespace scorefield
