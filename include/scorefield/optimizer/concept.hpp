/// The concepts of optimizers and learning-rate schedules: what a type of the user's own must offer.
#pragma once

#include <array>
#include <concepts>

#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// Hyper-parameters as a value, whose run-time state is `O::state_vectors` vectors as long as the parameters, zero at
/// the start and owned by the caller. `update` treats each parameter on its own, so that any part of the vectors can be
/// updated by itself:
///   learning_rate
///   validate()                               throws InvalidArgument for hyper-parameters that cannot work
///   update(p, g, state, rate, step)          moves parameters p by gradient g at learning rate `rate`, step from 1 on
///   settings()                               optional: its hyper-parameters as text, see core/settings.hpp
template <class O>
concept Optimizer = std::copy_constructible<O> &&
    requires(const O& optimizer, VectorView<double> p, ConstVectorView<double> g,
             std::array<VectorView<double>, O::state_vectors> state, double rate, Index step) {
  { optimizer.learning_rate } -> std::convertible_to<double>;
  optimizer.validate();
  optimizer.update(p, g, state, rate, step);
};

/// An optimizer that moves some weights as whole matrices:
///   moves_matrix(piece)                      whether it does with a piece of the parameters
///   workspace<Scalar>(layout)                a Workspace<Scalar>, for any such piece of the layout
///   update_matrix(p, g, state, rate, step, workspace)    as update, for the whole of one
template <class O>
concept MatrixOptimizer = Optimizer<O> &&
    requires(const O& optimizer, const ParameterPiece& piece, const ParameterLayout& layout, MatrixView<double> p,
             ConstMatrixView<double> g, std::array<MatrixView<double>, O::state_vectors> state, double rate, Index step,
             typename O::template Workspace<double>& workspace) {
  { optimizer.moves_matrix(piece) } -> std::convertible_to<bool>;
  { optimizer.template workspace<double>(layout) } -> std::same_as<typename O::template Workspace<double>>;
  optimizer.update_matrix(p, g, state, rate, step, workspace);
};

/// factor(step, steps) multiplies the learning rate at `step` in [0, steps). It may offer settings(), as optimizers do.
template <class S>
concept LearningRateSchedule = std::copy_constructible<S> && requires(const S& schedule, Index step) {
  { schedule.factor(step, step) } -> std::convertible_to<double>;
  schedule.validate();
};

}  // namespace scorefield
