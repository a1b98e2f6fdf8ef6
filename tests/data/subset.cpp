#include "scorefield/data/subset.hpp"

#include <algorithm>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

TEST_CASE("a subset has a sample of each part of the data, with what it is given", "[data]") {
  const sf::Index n = 1003, count = 50;
  sf::Matrix<double> x(2, n), c(1, n);
  for (sf::Index j = 0; j < n; ++j) x.col(j) << double(j), double(-j);
  c.row(0) = 2 * x.row(0);
  const sf::Dataset<double> data{x, c};
  const auto part = sf::subset(data, count, 7);
  REQUIRE(part.size() == count);
  for (sf::Index i = 0; i < count; ++i) {
    CAPTURE(i);
    // The first three parts have 21 samples, the others 20.
    const double j = part.samples()(0, i), first = double(20 * i + std::min<sf::Index>(i, 3));
    CHECK(j >= first);
    CHECK(j < first + (i < 3 ? 21 : 20));
    CHECK(part.samples()(1, i) == -j);
    CHECK(part.conditions()(0, i) == 2 * j);
  }
  CHECK(part.samples() != sf::subset(data, count, 8).samples());
  CHECK(part.samples() == sf::subset(data, count, 7).samples());
}

TEST_CASE("a subset of as many samples or more is all data", "[data]") {
  const sf::Matrix<float> x{{1, 2, 3}};
  const sf::Dataset<float> data{x};
  CHECK(sf::subset(data, 3).samples() == x);
  CHECK(sf::subset(data, 10).samples() == x);
  CHECK(sf::subset(data, 10).condition_size() == 0);
  CHECK_THROWS_WITH(sf::subset(data, 0), contains("subset: expected a count from 1 on, got 0"));
}
