/// A network that predicts the score.
#pragma once

#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// F(x, t) = grad log p_t(x), and nothing to compute. Its size grows with 1 / sigma. Song et al. 2021,
/// arXiv:2011.13456, equation 7.
struct ScorePrediction {
  struct Workspace {};

  void validate(Index) const {}

  template <Network Net>
  Workspace workspace(const Net&) const {
    return {};
  }

  template <Sde Equation, Real Scalar>
  NetworkInput<Scalar> input(const Equation&, ConstMatrixView<Scalar> x, ConstVectorView<Scalar> t, Workspace&) const {
    return {x, t};
  }

  template <Real Scalar>
  void score(ConstMatrixView<Scalar>, MatrixView<Scalar>, Workspace&) const {}

  template <Real Scalar>
  void backward(MatrixView<Scalar>, Workspace&) const {}
};

}  // namespace scorefield
