#include "scorefield/data/one_hot.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

TEST_CASE("labels are one-hot columns", "[data]") {
  const sf::Matrix<float> columns{{0, 1, 0}, {0, 0, 0}, {1, 0, 1}};
  CHECK(sf::one_hot<float>(std::vector<int>{2, 0, 2}, 3) == columns);
  CHECK(sf::one_hot<float>(Eigen::Vector3i(2, 0, 2), 3) == columns);
  CHECK(sf::one_hot<double>(std::vector<std::uint8_t>{}, 3).cols() == 0);
}

TEST_CASE("labels outside of the classes are refused by name", "[data]") {
  CHECK_THROWS_WITH(sf::one_hot<float>(std::vector<int>{0, 3}, 3), contains("from 0 to 2, got 3 for sample 1;"));
  CHECK_THROWS_WITH(sf::one_hot<float>(std::vector<int>{-1}, 3), contains("got -1 for sample 0;"));
  CHECK_THROWS_AS(sf::one_hot<float>(std::vector{std::numeric_limits<std::uint64_t>::max()}, 3), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::one_hot<float>(std::vector<int>{}, 0), sf::InvalidArgument);
}
