#include "scorefield/picture/image_grid.hpp"

#include <limits>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

bool is(const sf::Colour& pixel, float red, float green, float blue) {
  return pixel.red == red && pixel.green == green && pixel.blue == blue;
}

constexpr float separator = 0.4f;

}  // namespace

TEMPLATE_TEST_CASE("images stand in rows, each pixel as many times as the scale says", "[io]", float, double) {
  // Five images of 2 x 3: the number of pixel (y, x) of image j is (6 j + 3 y + x) / 32, which is exact in float.
  sf::Matrix<TestType> samples(6, 5);
  for (sf::Index i = 0; i < 30; ++i) samples.data()[i] = static_cast<TestType>(i) / 32;
  const auto canvas = sf::image_grid(samples, {.height = 2, .width = 3, .columns = 3, .scale = 2, .margin = 1});
  REQUIRE(canvas.width() == 3 * (2 * 3 + 1) + 1);
  REQUIRE(canvas.height() == 2 * (2 * 2 + 1) + 1);
  for (sf::Index row = 0; row < canvas.height(); ++row)
    for (sf::Index column = 0; column < canvas.width(); ++column) {
      const sf::Index j = row / 5 * 3 + column / 7, y = (row % 5 - 1) / 2, x = (column % 7 - 1) / 2;
      const bool between = row % 5 == 0 || column % 7 == 0 || j >= 5;
      const float value = between ? separator : static_cast<float>(6 * j + 3 * y + x) / 32;
      CAPTURE(row, column);
      REQUIRE(is(canvas.at(column, row), value, value, value));
    }
}

TEST_CASE("three numbers a pixel are its colours", "[io]") {
  const sf::Matrix<float> samples{{0.25f}, {0.5f}, {0.75f}, {1}, {0}, {0.125f}};
  const auto canvas = sf::image_grid(samples, {.height = 1, .width = 2, .margin = 0});
  REQUIRE(canvas.width() == 2);
  REQUIRE(canvas.height() == 1);
  CHECK(is(canvas.at(0, 0), 0.25f, 0.5f, 0.75f));
  CHECK(is(canvas.at(1, 0), 1, 0, 0.125f));
}

TEST_CASE("what is darker than black or brighter than white is black or white", "[io]") {
  const auto canvas = sf::image_grid(sf::Matrix<double>{{-3, 1e300}}, {.height = 1, .width = 1, .margin = 0});
  CHECK(is(canvas.at(0, 0), 0, 0, 0));
  CHECK(is(canvas.at(1, 0), 1, 1, 1));
}

TEST_CASE("a grid is about square, and no wider than its images", "[io]") {
  const sf::Matrix<float> samples = sf::Matrix<float>::Zero(4, 10);
  const auto size = [&](sf::Index count, sf::Index columns) {
    const auto canvas =
        sf::image_grid(samples.leftCols(count), {.height = 2, .width = 2, .columns = columns, .margin = 0});
    return std::pair(canvas.width() / 2, canvas.height() / 2);
  };
  CHECK(size(9, 0) == std::pair<sf::Index, sf::Index>(3, 3));
  CHECK(size(10, 0) == std::pair<sf::Index, sf::Index>(4, 3));
  CHECK(size(1, 0) == std::pair<sf::Index, sf::Index>(1, 1));
  CHECK(size(3, 8) == std::pair<sf::Index, sf::Index>(3, 1));
  CHECK(size(10, 1) == std::pair<sf::Index, sf::Index>(1, 10));
}

TEST_CASE("images that cannot be shown are refused", "[io]") {
  sf::Matrix<float> samples = sf::Matrix<float>::Zero(6, 4);
  CHECK_THROWS_AS(sf::image_grid(samples, {}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = sf::Index{1} << 40, .width = sf::Index{1} << 40}),
                  sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::image_grid(samples, {.height = 2, .width = 2}),
                    contains("image_grid: expected samples of 4 numbers, or 12 for colours, got 6 rows"));
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = 1, .width = 3}), sf::InvalidArgument);  // two channels
  CHECK_THROWS_WITH(sf::image_grid(samples.leftCols(0), {.height = 2, .width = 3}), contains("at least one image"));
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = 2, .width = 3, .columns = -1}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = 2, .width = 3, .scale = 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = 2, .width = 3, .scale = 101}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = 2, .width = 3, .margin = -1}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = 2, .width = 3, .margin = 101}), sf::InvalidArgument);
  samples(1, 2) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(sf::image_grid(samples, {.height = 2, .width = 3}), sf::NonFinite);
  CHECK_THROWS_WITH(sf::image_grid(samples, {.height = 2, .width = 3}), contains("in sample (column) 2"));
}
