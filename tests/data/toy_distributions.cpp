#include <cmath>
#include <limits>
#include <numbers>

#include "scorefield/data/toy/checkerboard.hpp"
#include "scorefield/data/toy/swiss_roll.hpp"
#include "scorefield/data/toy/two_moons.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

constexpr double pi = std::numbers::pi;

/// What every toy distribution keeps: shape, the points that do not depend on how many are drawn, and the seed.
template <class Draw>
void check_draws(const Draw& draw) {
  const auto many = draw(1000, 7u);
  REQUIRE(many.rows() == 2);
  REQUIRE(many.cols() == 1000);
  CHECK(many.allFinite());
  CHECK(draw(37, 7u) == many.leftCols(37));
  CHECK(draw(1000, 8u) != many);
  CHECK(draw(0, 7u).cols() == 0);
  CHECK_THROWS_AS(draw(-1, 7u), sf::InvalidArgument);
}

}  // namespace

TEMPLATE_TEST_CASE("toy distributions depend on the seed and the column alone", "[data]", float, double) {
  SECTION("swiss_roll") {
    check_draws([](sf::Index n, std::uint64_t seed) { return sf::swiss_roll<TestType>(n, {.seed = seed}); });
  }
  SECTION("two_moons") {
    check_draws([](sf::Index n, std::uint64_t seed) { return sf::two_moons<TestType>(n, {.seed = seed}); });
  }
  SECTION("checkerboard") {
    check_draws([](sf::Index n, std::uint64_t seed) { return sf::checkerboard<TestType>(n, {.seed = seed}); });
  }
}

TEST_CASE("a Swiss roll without noise lies on its spiral", "[data]") {
  const auto roll = sf::swiss_roll<double>(2000, {.noise = 0, .seed = 3});
  double lowest = 100, highest = 0, sum = 0;
  for (sf::Index j = 0; j < roll.cols(); ++j) {
    const double t = 10 * roll.col(j).norm();
    lowest = std::min(lowest, t);
    highest = std::max(highest, t);
    sum += t;
    // Rounding only: coordinates of up to 14 in steps of 2e-15.
    CHECK(std::abs(10 * roll(0, j) - t * std::cos(t)) < 1e-12);
    CHECK(std::abs(10 * roll(1, j) - t * std::sin(t)) < 1e-12);
  }
  // t is uniform over 3 pi: of 2,000 points the outermost is within 1 % of the end but in 1 of 10^8 seeds.
  CHECK(lowest >= 1.5 * pi);
  CHECK(highest <= 4.5 * pi);
  CHECK(lowest < 1.53 * pi);
  CHECK(highest > 4.47 * pi);
  // 5 deviations of the mean of 2,000.
  CHECK(std::abs(sum / 2000 - 3 * pi) < 5 * 3 * pi / std::sqrt(12.0 * 2000));
}

TEST_CASE("the noise of a toy distribution has the deviation asked for", "[data]") {
  constexpr sf::Index n = 20'000;
  // The deviation of 2 n normals is known within 1 / sqrt(4 n) = 0.35 %; five of these are 1.8 %.
  const auto deviation = [](const sf::Matrix<double>& noise) {
    return std::sqrt(noise.squaredNorm() / static_cast<double>(noise.size()));
  };
  SECTION("swiss_roll: before the division by 10") {
    const sf::Matrix<double> noise =
        sf::swiss_roll<double>(n, {.noise = 2.0f}) - sf::swiss_roll<double>(n, {.noise = 0});
    CHECK(deviation(noise) == Catch::Approx(0.2).epsilon(0.018));
  }
  SECTION("two_moons") {
    const sf::Matrix<double> noise = sf::two_moons<double>(n, {.noise = 0.3}) - sf::two_moons<double>(n, {.noise = 0});
    CHECK(deviation(noise) == Catch::Approx(0.3).epsilon(0.018));
  }
}

TEST_CASE("bad noise is refused", "[data]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(sf::swiss_roll<float>(10, {.noise = -1}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::swiss_roll<float>(10, {.noise = nan}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::swiss_roll<float>(10, {.noise = 1e300}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::two_moons<float>(10, {.noise = -1}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::swiss_roll<float>(10, {.noise = -0.5}),
                    contains("swiss_roll: expected a finite noise from 0 on, got -0.5"));
  CHECK_THROWS_WITH(sf::swiss_roll<float>(-3), contains("got -3"));
}

TEST_CASE("two moons without noise are two half circles of equal weight", "[data]") {
  constexpr int n = 4000;
  const auto moons = sf::two_moons<double>(n, {.noise = 0, .seed = 1});
  int upper = 0;
  for (sf::Index j = 0; j < n; ++j) {
    const double x = moons(0, j), y = moons(1, j);
    const bool on_upper = std::abs(std::hypot(x, y) - 1) < 1e-12 && y >= -1e-12;
    const bool on_lower = std::abs(std::hypot(x - 1, y - 0.5) - 1) < 1e-12 && y <= 0.5 + 1e-12;
    CHECK((on_upper || on_lower));
    upper += on_upper;
  }
  CHECK(std::abs(upper - n / 2) < 5 * std::sqrt(n / 4.0));  // five deviations of a fair coin
}

TEST_CASE("a checkerboard fills its eight cells evenly and no other", "[data]") {
  constexpr int n = 16'000;
  const auto board = sf::checkerboard<double>(n, {.seed = 2});
  int counts[4][4] = {};
  for (sf::Index j = 0; j < n; ++j) {
    REQUIRE(board.col(j).minCoeff() > -4);
    REQUIRE(board.col(j).maxCoeff() < 4);
    ++counts[static_cast<int>((board(0, j) + 4) / 2)][static_cast<int>((board(1, j) + 4) / 2)];
  }
  for (int column = 0; column < 4; ++column)
    for (int row = 0; row < 4; ++row) {
      const int count = counts[column][row];
      if ((column + row) % 2 == 1)
        CHECK(count == 0);
      else
        CHECK(std::abs(count - n / 8) < 5 * std::sqrt(n / 8.0 * 7 / 8));  // five binomial deviations
    }
  // Uniform within the cells: the mean of (x mod 2) is 1 within five deviations of 2 / sqrt(12 n).
  const auto within = (board.array() + 4) - 2 * ((board.array() + 4) / 2).floor();
  CHECK(std::abs(within.mean() - 1) < 5 * 2 / std::sqrt(12.0 * 2 * n));
}
