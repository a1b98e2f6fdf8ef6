// The elementary functions against those of long double, on an even sample of all numbers that they take.
#include "scorefield/core/simd/elementary.hpp"

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

template <class Scalar>
using Bits = std::conditional_t<sizeof(Scalar) == 4, std::uint32_t, std::uint64_t>;

/// Some 400,000 non-negative numbers up to `largest`, evenly over their bits: all magnitudes alike, then `largest`.
template <class Scalar>
sf::Vector<Scalar> magnitudes(Scalar largest) {
  constexpr sf::Index count = 400'000;
  const auto all = std::bit_cast<Bits<Scalar>>(largest);
  sf::Vector<Scalar> z(count + 1);
  for (sf::Index i = 0; i <= count; ++i) {
    const auto share = static_cast<long double>(i) / count;
    z(i) = std::bit_cast<Scalar>(static_cast<Bits<Scalar>>(share * static_cast<long double>(all)));
  }
  return z;
}

/// Some 400,000 numbers from 0 to `largest`, evenly.
template <class Scalar>
sf::Vector<Scalar> spread(Scalar largest) {
  return sf::Vector<Scalar>::LinSpaced(400'000, 0, largest);
}

struct Worst {
  double ulps = 0, at = 0;
};

/// The worst error of f against g on z. Below the smallest normal number the packets' functions are 0.
template <class Scalar, class F, class G>
Worst worst(const sf::Vector<Scalar>& z, const F& f, const G& g) {
  sf::Vector<Scalar> got(z.size());
  sf::transform(got.data(), z.size(), f, z.data());
  Worst w;
  for (sf::Index i = 0; i < z.size(); ++i) {
    const long double expected = g(static_cast<long double>(z(i)));
    const bool flushed =
        got(i) == 0 && std::abs(expected) < static_cast<long double>(std::numeric_limits<Scalar>::min());
    const double error = flushed ? 0 : test::ulps(got(i), expected);
    if (!(error <= w.ulps)) w = {error, static_cast<double>(z(i))};
  }
  return w;
}

template <class Scalar, class F, class G>
void check_within(double ulps, const sf::Vector<Scalar>& z, const F& f, const G& g) {
  const auto w = worst(z, f, g);
  CAPTURE(w.ulps, w.at);
  CHECK(w.ulps <= ulps);
}

/// Both samples of the numbers from 0 to `largest`, with the sign.
template <class Scalar, class F, class G>
void check_everywhere(double ulps, Scalar largest, Scalar sign, const F& f, const G& g) {
  check_within(ulps, sf::Vector<Scalar>(sign * magnitudes(largest)), f, g);
  check_within(ulps, sf::Vector<Scalar>(sign * spread(std::min(largest, Scalar(800)))), f, g);
}

const auto exponential = [](const auto& z) { return sf::exp_of_negative(z); };
const auto exponential_minus_one = [](const auto& z) { return sf::expm1_of_negative(z); };
const auto logarithm = [](const auto& e) { return sf::log1p_of_unit(e); };

template <class Scalar, class F>
Scalar at(Scalar z, const F& f) {
  sf::transform(&z, 1, f, &z);
  return z;
}

}  // namespace

TEMPLATE_TEST_CASE("elementary functions are as accurate as they say, everywhere", "[core]", float, double) {
  using S = TestType;
  constexpr S largest = std::numeric_limits<S>::max();
  check_everywhere<S>(1.25, largest, -1, exponential, [](long double z) { return std::exp(z); });
  check_everywhere<S>(1.25, largest, -1, exponential_minus_one, [](long double z) { return std::expm1(z); });
  check_everywhere<S>(2, 1, 1, logarithm, [](long double e) { return std::log1p(e); });
}

TEMPLATE_TEST_CASE("the logarithm meets no subnormal numbers on its way", "[core]", float, double) {
  using S = TestType;
  // Without fused multiply-adds numbers near the smallest normal one still do.
  for (S e = 1; e > std::sqrt(std::sqrt(std::numeric_limits<S>::min())) * std::sqrt(std::numeric_limits<S>::min());
       e /= 2) {
    std::feclearexcept(FE_ALL_EXCEPT);
    at(e, logarithm);
    CAPTURE(e);
    CHECK(!std::fetestexcept(FE_UNDERFLOW));
  }
}

TEMPLATE_TEST_CASE("elementary functions have exact ends, and keep NaN", "[core]", float, double) {
  using S = TestType;
  constexpr S infinity = std::numeric_limits<S>::infinity(), nan = std::numeric_limits<S>::quiet_NaN();
  for (const S zero : {S(0), S(-0.0)}) {
    CHECK(at(zero, exponential) == 1);
    CHECK(at(zero, exponential_minus_one) == 0);
    CHECK(at(zero, logarithm) == 0);
  }
  CHECK(at(-infinity, exponential) == 0);
  CHECK(at(-infinity, exponential_minus_one) == -1);
  CHECK(at(std::numeric_limits<S>::lowest(), exponential) == 0);
  CHECK(std::isnan(at(nan, exponential)));
  CHECK(std::isnan(at(nan, exponential_minus_one)));
  CHECK(std::isnan(at(nan, logarithm)));
}
