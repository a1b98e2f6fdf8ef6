/// What log-sigmoid, softplus and SiLU have in common.
#pragma once

#include <concepts>
#include <cstddef>

#include "scorefield/core/packet.hpp"
#include "scorefield/core/series.hpp"

namespace scorefield::detail {

/// The parts of log(1 + exp(-|z|)) and the logistic function, stable for every z.
template <class P>
struct Logistic {
  P s, quotient;   // log(1 + exp(-|z|)) = s quotient
  P of_magnitude;  // 1 / (1 + exp(-|z|))
  P of_opposite;   // 1 / (1 + exp(|z|))
};

template <class P>
inline Logistic<P> logistic(const P& z) {
  using namespace Eigen::internal;
  using Scalar = typename unpacket_traits<P>::type;
  constexpr std::size_t terms = std::same_as<Scalar, float> ? 8 : 16;  // for |s| <= 1/3
  static constexpr auto series = artanh_series<Scalar, terms>();
  const P one = pset1<P>(1), two = pset1<P>(2);
  const P e = pexp(pnegate(pabs(z)));
  // log(1 + e) = 2 artanh(e / (2 + e)); one division serves both quotients.
  const P inverse = pdiv(one, pmul(padd(one, e), padd(two, e)));
  const P s = pmul(e, pmul(inverse, padd(one, e)));
  const P of_magnitude = pmul(inverse, padd(two, e));
  const P s2 = pmul(s, s);
  P sum = pset1<P>(series.back());
  unroll<static_cast<Index>(series.size()) - 1>(
      [&](auto k) { sum = pmadd(sum, s2, pset1<P>(series[series.size() - 2 - static_cast<std::size_t>(k)])); });
  return {padd(s, s), sum, of_magnitude, pmul(e, of_magnitude)};
}

}  // namespace scorefield::detail
