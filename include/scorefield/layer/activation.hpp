/// Activation functions, as policies of the layers that apply them to their outputs.
///
/// An activation evaluates itself and its derivative together on a packet; a caller that drops the derivative pays
/// nothing for it.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

#include "scorefield/core/packet.hpp"

namespace scorefield {

/// f(z) and f'(z), element by element.
template <class P>
struct ActivationValue {
  P value, derivative;
};

/// What an activation must offer, for packets of float and of double.
template <class A>
concept Activation = requires(Packet<float> f, Packet<double> d) {
  A::evaluate(f).value;
  A::evaluate(f).derivative;
  A::evaluate(d).value;
  A::evaluate(d).derivative;
};

namespace detail {

/// 1/(2k + 1) for k = 0 ... : artanh(s) / s in powers of s^2, for |s| <= 1/3, to the precision of the scalar.
template <Real Scalar>
inline constexpr auto artanh_third = [] {
  std::array<Scalar, std::same_as<Scalar, float> ? 8 : 16> c{};
  for (std::size_t k = 0; k < c.size(); ++k) c[k] = Scalar(1) / static_cast<Scalar>(2 * k + 1);
  return c;
}();

/// The parts of log(1 + exp(-|z|)) and the logistic function, stable for every z.
template <class P>
struct Logistic {
  P log1p_exp;     // log(1 + exp(-|z|))
  P of_magnitude;  // 1 / (1 + exp(-|z|))
  P of_opposite;   // 1 / (1 + exp(|z|))
};

template <class P>
inline Logistic<P> logistic(const P& z) {
  using namespace Eigen::internal;
  using Scalar = typename unpacket_traits<P>::type;
  constexpr auto& series = artanh_third<Scalar>;
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
  return {pmul(padd(s, s), sum), of_magnitude, pmul(e, of_magnitude)};
}

template <class P>
inline P where(const P& mask, const P& yes, const P& no) {
  return Eigen::internal::pselect(mask, yes, no);
}
template <class P>
inline P is_negative(const P& z) {
  return Eigen::internal::pcmp_lt(z, Eigen::internal::pset1<P>(0));
}

}  // namespace detail

/// f(z) = z.
struct Identity {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    return {z, Eigen::internal::pset1<P>(1)};
  }
};

/// f(z) = log(1 / (1 + exp(-z))).
struct LogSigmoid {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    const auto l = detail::logistic(z);
    return {psub(pmin(z, pset1<P>(0)), l.log1p_exp),
            detail::where(detail::is_negative(z), l.of_magnitude, l.of_opposite)};
  }
};

/// f(z) = log(1 + exp(z)).
struct Softplus {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    const auto l = detail::logistic(z);
    return {padd(pmax(z, pset1<P>(0)), l.log1p_exp),
            detail::where(detail::is_negative(z), l.of_opposite, l.of_magnitude)};
  }
};

/// f(z) = z / (1 + exp(-z)). Elfwing et al. 2018, arXiv:1702.03118.
struct SiLU {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    const auto l = detail::logistic(z);
    const P negative = detail::is_negative(z);
    const P sigmoid = detail::where(negative, l.of_opposite, l.of_magnitude);
    const P opposite = detail::where(negative, l.of_magnitude, l.of_opposite);
    return {pmul(z, sigmoid), pmul(sigmoid, pmadd(z, opposite, pset1<P>(1)))};
  }
};

/// f(z) = tanh z.
struct Tanh {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    // With m = exp(-2|z|) - 1 no digits are lost near 0.
    const P m = generic_expm1(pmul(pabs(z), pset1<P>(-2)));
    const P magnitude = pdiv(pnegate(m), padd(m, pset1<P>(2)));
    return {detail::where(detail::is_negative(z), pnegate(magnitude), magnitude),
            psub(pset1<P>(1), pmul(magnitude, magnitude))};
  }
};

/// f(z) = max(z, 0); its derivative at 0 is taken as 0.
struct ReLU {
  template <class P>
  static ActivationValue<P> evaluate(const P& z) {
    using namespace Eigen::internal;
    const P zero = pset1<P>(0);
    return {detail::where(detail::is_negative(z), zero, z), detail::where(pcmp_lt(zero, z), pset1<P>(1), zero)};
  }
};

/// z = f(z), element by element.
template <Activation F, Real Scalar>
void activate(MatrixView<Scalar> z) {
  transform(
      z.data(), z.size(), [](const auto& packet) { return F::evaluate(packet).value; }, z.data());
}

/// z = f(z) and derivative = f'(z), element by element; derivative has the shape of z.
template <Activation F, Real Scalar>
void activate(MatrixView<Scalar> z, MatrixView<Scalar> derivative) {
  constexpr Index size = packet_size<Scalar>;
  Scalar* const data = z.data();
  Scalar* const slope = derivative.data();
  const Index whole = z.size() / size * size;
  for (Index i = 0; i < whole; i += size) {
    const auto f = F::evaluate(load<Scalar>(data + i));
    store<Scalar>(data + i, f.value);
    store<Scalar>(slope + i, f.derivative);
  }
  const Index rest = z.size() - whole;
  const auto f = F::evaluate(load_part<Scalar>(data + whole, rest));
  store_part<Scalar>(data + whole, f.value, rest);
  store_part<Scalar>(slope + whole, f.derivative, rest);
}

}  // namespace scorefield
