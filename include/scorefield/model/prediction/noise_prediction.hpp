/// A network that predicts the noise.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// F(x, t) = eps, score = -F / sigma: a target of variance 1 at all times, the usual choice for images. Ho, Jain and
/// Abbeel 2020, arXiv:2006.11239, section 3.2.
///
/// A network that is told the raw t, as an MLP is here, can hardly tell early times apart, where x is nearly the data
/// and eps a small part of it. There its mean square error may stay above 1, which predicting nothing has: 1.05 at t =
/// 1e-4 after 20,000 steps on the Swiss roll.
struct NoisePrediction {
  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> factor;  // chunk_size: -1 / sigma
  };

  void validate(Index) const {}

  template <Network Net, Real Scalar = typename Net::Scalar>
  Workspace<Scalar> workspace(const Net& network) const {
    return {Vector<Scalar>(network.chunk_size())};
  }

  template <Sde Equation, Real Scalar>
  SCOREFIELD_ONE_COPY NetworkInput<Scalar> input(const Equation& sde, ConstMatrixView<Scalar> x,
                                                 ConstVectorView<Scalar> t, Workspace<Scalar>& w) const {
    for (Index j = 0; j < t.size(); ++j) w.factor(j) = -1 / sde.deviation(t(j));
    return {x, t};
  }

  template <Real Scalar>
  void score(ConstMatrixView<Scalar>, MatrixView<Scalar> out, Workspace<Scalar>& w) const {
    backward(out, w);
  }

  template <Real Scalar>
  void backward(MatrixView<Scalar> out, Workspace<Scalar>& w) const {
    for (Index j = 0; j < out.cols(); ++j) out.col(j) *= w.factor(j);
  }
};

}  // namespace scorefield
