// The second part of a training step: the sum of the slots, and its norm.
#include "scorefield/training/detail/reduce.hpp"

#include <cmath>
#include <limits>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// Normal numbers, some pieces and a rest of them.
constexpr sf::Index parameters = 2 * sf::detail::parameter_piece_size + 1237;

template <class Scalar>
sf::detail::GradientSlots<Scalar> normal_slots(sf::Index count) {
  sf::detail::GradientSlots<Scalar> slots(count, parameters);
  for (sf::Index i = 0; i < count; ++i)
    slots.partial[static_cast<std::size_t>(i)] = test::normals<Scalar>(parameters, 1, sf::text("slot ", i));
  return slots;
}

}  // namespace

TEMPLATE_TEST_CASE("slots are added in their order, to the bit", "[training]", float, double) {
  for (const sf::Index count : {1, 2, 8}) {
    CAPTURE(count);
    sf::Vector<TestType> sum = normal_slots<TestType>(count).partial[0];
    for (std::size_t i = 1; i < static_cast<std::size_t>(count); ++i) sum += normal_slots<TestType>(count).partial[i];
    double square = 0;
    for (const int threads : {1, 2, 3}) {
      auto slots = normal_slots<TestType>(count);
      const double got = sf::detail::reduce(slots, threads);
      CHECK(slots.partial[0] == sum);
      for (std::size_t i = 1; i < slots.partial.size(); ++i)
        CHECK(slots.partial[i] == normal_slots<TestType>(count).partial[i]);
      if (threads > 1) CHECK(got == square);
      square = got;
    }
    // Each of 4096 squares is rounded, and so is each of the sums; what is lost by rounding is random.
    CHECK(square ==
          Catch::Approx(sum.template cast<double>().squaredNorm()).epsilon(64 * test::Tolerance<TestType>::epsilon));
  }
}

TEST_CASE("each number counts once in the norm, whatever rest of a packet it is in", "[training]") {
  for (sf::Index count = 1; count <= 70; ++count) {
    sf::Vector<double> ones = sf::Vector<double>::Ones(count);
    CHECK(sf::detail::sum_of_squares(ones.data(), count) == static_cast<double>(count));
    ones(count - 1) = 3;
    CHECK(sf::detail::sum_of_squares(ones.data(), count) == static_cast<double>(count + 8));
  }
}

TEST_CASE("the norm of a gradient that no optimizer can use is not finite", "[training]") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (const float value : {nan, infinity, -infinity, 2e19f}) {
    CAPTURE(value);
    auto slots = normal_slots<float>(2);
    CHECK(std::isfinite(sf::detail::reduce(slots, 1)));
    slots.partial[1](parameters - 1) = value;
    CHECK_FALSE(std::isfinite(sf::detail::reduce(slots, 1)));
  }
}

TEST_CASE("a reduction allocates nothing", "[training]") {
  auto slots = normal_slots<float>(8);
  CHECK(test::count_allocations([&] { sf::detail::reduce(slots, 1); }) == 0);
}
