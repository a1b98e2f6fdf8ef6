/// A batch of noisy samples with the noise level of each: what goes from samplers and objectives down to networks.
#pragma once

#include <cassert>

#include "scorefield/core/types.hpp"
#include "scorefield/sde/concept.hpp"

namespace scorefield {

/// Samples x = alpha(t) x0 + sigma(t) noise, each at its own time, and what each is given. Views only; with n columns:
template <Real Scalar>
struct NoisyBatch {
  ConstMatrixView<Scalar> x;          // d x n
  ConstVectorView<Scalar> t;          // n: times in [0, 1]
  ConstVectorView<Scalar> alpha;      // n: the equation's signal(t)
  ConstVectorView<Scalar> sigma;      // n: the equation's deviation(t)
  ConstMatrixView<Scalar> condition;  // (k + 1) x n: the k numbers that each is given, and below them a 1; zeros
                                      // where they are not given. No rows where there is nothing to be given

  Index size() const { return x.cols(); }

  /// The same levels and conditions around other samples.
  NoisyBatch around(ConstMatrixView<Scalar> samples) const { return {samples, t, alpha, sigma, condition}; }
};

/// Room for the noise levels of up to n columns, computed once from their times.
template <Real Scalar>
class NoiseLevels {
 public:
  explicit NoiseLevels(Index n) : t_(n), alpha_(n), sigma_(n) {}

  Scalar time(Index j) const { return t_(j); }

  /// Column j is at time t in [0, 1].
  template <Sde Equation>
  void set(Index j, const Equation& sde, Scalar t) {
    t_(j) = t;
    alpha_(j) = sde.signal(t);
    sigma_(j) = sde.deviation(t);
  }

  /// The first n columns are at time t.
  template <Sde Equation>
  void fill(Index n, const Equation& sde, Scalar t) {
    const Scalar alpha = sde.signal(t), sigma = sde.deviation(t);
    for (Index j = 0; j < n; ++j) {
      t_(j) = t;
      alpha_(j) = alpha;
      sigma_(j) = sigma;
    }
  }

  /// Samples at the levels of the first columns, x (d x n) and condition ((k + 1) x n).
  NoisyBatch<Scalar> around(ConstMatrixView<Scalar> x, ConstMatrixView<Scalar> condition) const {
    const Index n = x.cols();
    assert(n <= t_.size() && condition.cols() == n);
    return {x, segment(view(t_), 0, n), segment(view(alpha_), 0, n), segment(view(sigma_), 0, n), condition};
  }
  NoisyBatch<Scalar> around(ConstMatrixView<Scalar> x) const { return around(x, {nullptr, 0, x.cols()}); }

 private:
  Vector<Scalar> t_, alpha_, sigma_;
};

}  // namespace scorefield
