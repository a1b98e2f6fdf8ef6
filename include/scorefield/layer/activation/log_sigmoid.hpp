/// The logarithm of the logistic function.
#pragma once

#include "scorefield/core/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/logistic.hpp"

namespace scorefield {

/// f(z) = log(1 / (1 + exp(-z))).
struct LogSigmoid {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    const auto l = detail::logistic(z);
    return {pmadd(pnegate(l.s), l.quotient, pmin(z, pset1<P>(0))), where_negative(z, l.of_magnitude, l.of_opposite)};
  }
};

}  // namespace scorefield
