#include "scorefield/core/assignment.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "scorefield/core/random.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

template <class Scalar>
sf::Matrix<Scalar> costs_of_assignment(sf::Index n, std::int64_t draw) {
  sf::Matrix<Scalar> cost(n, n);
  sf::Random(sf::Seed{17}, "assignment").normal(sf::view(cost), 0, draw);
  return cost;
}

template <class Scalar>
double total_cost(const sf::Matrix<Scalar>& cost, const std::vector<sf::Index>& column_of_row) {
  double sum = 0;
  for (sf::Index row = 0; row < cost.rows(); ++row)
    sum += static_cast<double>(cost(row, column_of_row[static_cast<std::size_t>(row)]));
  return sum;
}

std::vector<sf::Index> first_numbers(sf::Index n) {
  std::vector<sf::Index> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace

TEMPLATE_TEST_CASE("an assignment costs the least of all permutations", "[core]", float, double) {
  sf::Assignment<TestType> assignment(7);
  for (sf::Index n = 1; n <= 7; ++n)
    for (std::int64_t draw = 0; draw < 6; ++draw) {
      auto cost = costs_of_assignment<TestType>(n, draw);
      if (draw >= 3) cost = (2 * cost.array()).round();  // with ties
      double least = std::numeric_limits<double>::infinity();
      auto permutation = first_numbers(n);
      do least = std::min(least, total_cost(cost, permutation));
      while (std::next_permutation(permutation.begin(), permutation.end()));
      auto got = assignment.solve(cost);
      CAPTURE(n, draw);
      CHECK(total_cost(cost, got) == Catch::Approx(least).margin(1e-13));  // sums of 7 numbers of about 1 in double
      std::ranges::sort(got);
      CHECK(got == first_numbers(n));
    }
}

TEST_CASE("an assignment of points on a line pairs them in their order", "[core]") {
  constexpr sf::Index n = 200;
  sf::Matrix<double> x(1, n), y(1, n);
  sf::Random(sf::Seed{1}, "x").normal(sf::view(x), 0, 0);
  sf::Random(sf::Seed{1}, "y").normal(sf::view(y), 0, 0);
  y.array() += 2;
  sf::Matrix<double> cost(n, n);
  for (sf::Index j = 0; j < n; ++j) cost.col(j) = (x.array() - y(j)).square().transpose();
  sf::Assignment<double> assignment(n);
  const auto got = assignment.solve(cost);
  const auto rank = [](const sf::Matrix<double>& of, sf::Index i) { return (of.array() < of(i)).count(); };
  for (sf::Index i = 0; i < n; ++i) REQUIRE(rank(x, i) == rank(y, got[static_cast<std::size_t>(i)]));
}

TEST_CASE("an assignment finds a permutation that costs nothing, in costs of any magnitude", "[core]") {
  constexpr sf::Index n = 50;
  sf::Assignment<double> assignment(n);
  for (const double scale : {1e-300, 1.0, 1e299}) {
    sf::Matrix<double> cost = scale * costs_of_assignment<double>(n, 0).cwiseAbs();
    for (sf::Index i = 0; i < n; ++i) cost(i, (7 * i + 3) % n) = 0;  // 7 and 50 have no common divisor
    const auto& got = assignment.solve(cost);
    for (sf::Index i = 0; i < n; ++i) REQUIRE(got[static_cast<std::size_t>(i)] == (7 * i + 3) % n);
  }
}

TEST_CASE("assignments repeat, take smaller matrices, and allocate nothing", "[core]") {
  const auto large = costs_of_assignment<float>(40, 1), small = costs_of_assignment<float>(11, 2);
  sf::Assignment<float> assignment(40), other(11);
  const auto expected = other.solve(small), once = assignment.solve(large);
  bool same = true;
  CHECK(scorefield::test::count_allocations([&] {
          same &= assignment.solve(small) == expected;
          same &= assignment.solve(large) == once;
        }) == 0);
  CHECK(same);
  // Where all pairings cost the same, the order of the rows decides.
  CHECK(assignment.solve(sf::Matrix<float>::Constant(5, 5, 3)) == assignment.solve(sf::Matrix<float>::Zero(5, 5)));
}

TEST_CASE("an assignment refuses what it cannot work with", "[core]") {
  CHECK_THROWS_AS(sf::Assignment<double>(0), sf::InvalidArgument);
  sf::Assignment<double> assignment(3);
  CHECK_THROWS_WITH(assignment.solve(sf::Matrix<double>::Zero(3, 2)),
                    contains("a square matrix of 1 to 3 rows, got 3 x 2"));
  CHECK_THROWS_AS(assignment.solve(sf::Matrix<double>::Zero(4, 4)), sf::InvalidArgument);
  CHECK_THROWS_AS(assignment.solve(sf::Matrix<double>(0, 0)), sf::InvalidArgument);
  sf::Matrix<double> bad = sf::Matrix<double>::Zero(3, 3);
  for (const double number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -2e300}) {
    bad(1, 2) = number;
    CHECK_THROWS_AS(assignment.solve(bad), sf::NonFinite);
  }
}
