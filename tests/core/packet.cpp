#include "scorefield/core/simd/packet.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

TEMPLATE_TEST_CASE("a sum over packets takes every number once, wherever it stands", "[core]", float, double) {
  const auto product = [](const auto& a, const auto& b) { return sf::multiply(a, b); };
  const sf::Vector<TestType> a = test::normals<TestType>(70, 1, "a"), b = test::normals<TestType>(70, 1, "b");
  for (sf::Index count = 0; count <= 35; ++count) {
    const auto sum = sf::sum_of(count, product, a.data(), b.data());
    const double expected = a.head(count).template cast<double>().dot(b.head(count).template cast<double>());
    // At most 35 terms of up to 10, each rounded, as is each sum of at most 100.
    REQUIRE(std::abs(static_cast<double>(sum) - expected) < 35 * 110 * test::Tolerance<TestType>::epsilon);
    for (const sf::Index first : {1, 3, 8, 35}) {
      const sf::Vector<TestType> moved = a.head(count);
      sf::Vector<TestType> place(70), other(70);
      place.segment(first, count) = moved;
      other.segment(first, count) = b.head(count);
      REQUIRE(sf::sum_of(count, product, place.data() + first, other.data() + first) == sum);
    }
  }
}

TEMPLATE_TEST_CASE("packets of doubles are read from floats and rounded to them", "[core]", float, double) {
  constexpr auto size = sf::packet_size<double>;
  const sf::Vector<double> x = test::normals<double>(size, 1, "doubles");
  const sf::Vector<TestType> expected = x.cast<TestType>();
  sf::Vector<TestType> rounded(size + 1);
  rounded(size) = 7;
  sf::store_rounded(rounded.data(), sf::load<double>(x.data()));
  CHECK(rounded.head(size) == expected);
  CHECK(rounded(size) == 7);
  sf::Vector<double> back(size);
  sf::store<double>(back.data(), sf::load_in_double(rounded.data()));
  CHECK(back == expected.template cast<double>());
}

TEMPLATE_TEST_CASE("square roots of packets are the nearest numbers, also of 0, subnormals and infinity", "[core]",
                   float, double) {
  using Limits = std::numeric_limits<TestType>;
  sf::Vector<TestType> x = test::normals<TestType>(4096, 1, "roots").array().square() * TestType(1e10);
  x.head(7) << 0, Limits::infinity(), Limits::max(), Limits::min(), Limits::denorm_min(), 1, 2;
  sf::Vector<TestType> root(x.size());
  sf::transform(
      root.data(), x.size(), [](const auto& number) { return sf::square_root(number); }, x.data());
  for (sf::Index i = 0; i < x.size(); ++i) REQUIRE(root(i) == std::sqrt(x(i)));
}
