/// Score functions that are known, so that what a sampler adds can be told apart from what a model does not know.
#pragma once

#include <utility>

#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/sde/variance_preserving.hpp"

namespace scorefield::test {

/// The score of a Gaussian mixture that an equation carries to noise.
template <Real S>
class ExactScore {
 public:
  using Scalar = S;
  struct Workspace {};

  explicit ExactScore(GaussianMixture<Scalar> data) : data_(std::move(data)) {}

  const VariancePreserving<Scalar>& sde() const { return sde_; }
  const GaussianMixture<Scalar>& data() const { return data_; }
  Index dimension() const { return data_.dimension(); }
  /// No multiple of a register's width, so that chunks end everywhere.
  Index chunk_size() const { return 37; }
  Workspace workspace() const { return {}; }

  /// All times alike, as samplers ask.
  void score(ConstMatrixView<Scalar> x, ConstVectorView<Scalar> t, MatrixView<Scalar> score, Workspace&) const {
    data_.evolved(sde_.signal(t(0)), sde_.deviation(t(0))).score(x, score);
  }

 private:
  VariancePreserving<Scalar> sde_;
  GaussianMixture<Scalar> data_;
};

/// One normal distribution in the plane, neither centred nor round.
template <Real Scalar>
GaussianMixture<Scalar> one_normal() {
  using M = Matrix<Scalar>;
  return {Vector<Scalar>{{1}}, M{{Scalar(0.5)}, {-1}}, {M{{1, Scalar(0.6)}, {Scalar(0.6), Scalar(0.8)}}}};
}

/// Two of them, well apart, of weights 0.7 and 0.3.
template <Real Scalar>
GaussianMixture<Scalar> two_normals() {
  using M = Matrix<Scalar>;
  return {Vector<Scalar>{{Scalar(0.7), Scalar(0.3)}},
          M{{-1, Scalar(1.5)}, {-1, 1}},
          {M{{Scalar(0.2), Scalar(0.1)}, {Scalar(0.1), Scalar(0.3)}}, M{{Scalar(0.15), 0}, {0, Scalar(0.25)}}}};
}

}  // namespace scorefield::test
