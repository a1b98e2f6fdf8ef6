/// Softplus, a smooth ReLU.
#pragma once

#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/layer/activation/concept.hpp"
#include "scorefield/layer/activation/detail/logistic.hpp"

namespace scorefield {

/// f(z) = log(1 + exp(z)).
struct Softplus {
  static constexpr const char* name = "Softplus";

  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    const auto l = detail::logistic(z);
    return {add(larger(z, constant<P>(0)), log1p_of_unit(l.exponential)),
            where_negative(z, l.of_opposite, l.of_magnitude)};
  }
};

}  // namespace scorefield
