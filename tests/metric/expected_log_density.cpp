#include "scorefield/metric/expected_log_density.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

TEST_CASE("the expected log density is a mean, with the error of one", "[metric]") {
  const auto few = sf::expected_log_density(sf::Vector<double>{{-1.0, -2.0, -6.0}});
  CHECK(few.value == Catch::Approx(-3).epsilon(1e-14));
  // Squares around the mean: 4, 1 and 9, over 3 times 2.
  CHECK(few.standard_error == Catch::Approx(std::sqrt(14.0 / 6)).epsilon(1e-14));
  CHECK(sf::expected_log_density(sf::Vector<double>::Constant(5, -1e10)).standard_error == 0);
}

TEST_CASE("an expected log density refuses what has no mean or no error", "[metric]") {
  CHECK_THROWS_WITH(sf::expected_log_density(sf::Vector<double>::Zero(1)), contains("two points or more, got 1"));
  for (const double bad : {std::nan(""), -std::numeric_limits<double>::infinity()})
    CHECK_THROWS_AS(sf::expected_log_density(sf::Vector<double>{{0.0, bad}}), sf::NonFinite);
}
