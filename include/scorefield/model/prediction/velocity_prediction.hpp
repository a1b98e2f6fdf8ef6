/// A network that predicts the velocity.
#pragma once

#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/prediction/concept.hpp"
#include "scorefield/network/concept.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// F(x, t) = v = alpha eps - sigma x0: the noise where x is data and the data where x is noise, so that neither end
/// amplifies errors. Salimans and Ho 2022, arXiv:2202.00512, section 4 and appendix D, have alpha^2 + sigma^2 = 1.
/// Without that, sigma x + alpha v = (alpha^2 + sigma^2) eps, and
///   score = -eps / sigma = -(x + (alpha / sigma) v) / (alpha^2 + sigma^2).
struct VelocityPrediction {
  template <Real Scalar>
  struct Workspace {
    Vector<Scalar> of_sample, of_output;  // chunk_size: what x and v are multiplied by
  };

  void validate(Index) const {}

  template <Network Net, Real Scalar = typename Net::Scalar>
  Workspace<Scalar> workspace(const Net& network) const {
    return {Vector<Scalar>(network.chunk_size()), Vector<Scalar>(network.chunk_size())};
  }

  template <Sde Equation, Real Scalar>
  SCOREFIELD_ONE_COPY NetworkInput<Scalar> input(const Equation& sde, ConstMatrixView<Scalar> x,
                                                 ConstVectorView<Scalar> t, Workspace<Scalar>& w) const {
    for (Index j = 0; j < t.size(); ++j) {
      const Scalar alpha = sde.signal(t(j)), sigma = sde.deviation(t(j));
      w.of_sample(j) = -1 / (multiply_add(alpha, alpha, sigma * sigma));
      w.of_output(j) = w.of_sample(j) * (alpha / sigma);
    }
    return {x, t};
  }

  template <Real Scalar>
  void score(ConstMatrixView<Scalar> x, MatrixView<Scalar> out, Workspace<Scalar>& w) const {
    for (Index j = 0; j < out.cols(); ++j) {
      const auto of_sample = broadcast(w.of_sample(j)), of_output = broadcast(w.of_output(j));
      const auto combine = [&](const auto& sample, const auto& output) {
        return multiply_add(of_output, output, multiply(of_sample, sample));
      };
      transform(out.col(j).data(), out.rows(), combine, x.col(j).data(), out.col(j).data());
    }
  }

  template <Real Scalar>
  void backward(MatrixView<Scalar> dscore, Workspace<Scalar>& w) const {
    for (Index j = 0; j < dscore.cols(); ++j) dscore.col(j) *= w.of_output(j);
  }
};

}  // namespace scorefield
