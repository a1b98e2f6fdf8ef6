/// LogSigmoid: the logarithm of the logistic function.
#pragma once

#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/detail/logistic.hpp"

namespace scorefield {

/// f(z) = log(1 / (1 + exp(-z))).
struct LogSigmoid {
  static constexpr const char* name = "LogSigmoid";

  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    const auto l = detail::logistic(z);
    return {subtract(smaller(z, constant<P>(0)), log1p_of_unit(l.exponential)),
            where_negative(z, l.of_magnitude, l.of_opposite)};
  }
};

}  // namespace scorefield
