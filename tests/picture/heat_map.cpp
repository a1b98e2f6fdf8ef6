#include "scorefield/picture/heat_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

float lightness(const sf::Colour& colour) { return colour.red + colour.green + colour.blue; }

constexpr sf::HeatMapOptions small_map{.across = {0, 2}, .up = {0, 2}, .scale = {0, 4}, .panel_size = 100};

/// The colour in the middle of a cell of a map of 2 x 2 of these options.
sf::Colour cell_of(const sf::Canvas& canvas, sf::Index column, sf::Index row) {
  const auto left = canvas.width() - static_cast<sf::Index>(sf::detail::PlotStyle::margin) - 100,
             top = static_cast<sf::Index>(sf::detail::PlotStyle::margin + 2 * sf::detail::PlotStyle::title_size);
  return canvas.at(left + 25 + 50 * column, top + 75 - 50 * row);
}

}  // namespace

TEST_CASE("a heat map has the points of its grid row by row from below", "[io]") {
  const auto points = sf::heat_map_points(2, {0, 2}, {10, 14});
  CHECK(points == sf::Matrix<double>{{0.5, 1.5, 0.5, 1.5}, {11, 11, 13, 13}});
  CHECK_THROWS_AS(sf::heat_map_points(0, {0, 2}, {0, 2}), sf::InvalidArgument);
}

TEST_CASE("a heat map is the darker the higher its values are", "[io]") {
  const auto infinity = std::numeric_limits<double>::infinity();
  const auto canvas = sf::heat_map({{sf::Vector<double>{{0.0, 1.5, 3.0, 9.0}}, "values"}}, small_map);
  CHECK(lightness(cell_of(canvas, 0, 0)) == 3);
  CHECK(lightness(cell_of(canvas, 1, 0)) < 3);
  CHECK(lightness(cell_of(canvas, 0, 1)) < lightness(cell_of(canvas, 1, 0)));
  CHECK(lightness(cell_of(canvas, 1, 1)) < lightness(cell_of(canvas, 0, 1)));
  const auto clipped = sf::heat_map({{sf::Vector<double>{{-infinity, -1.0, 4.0, infinity}}, "values"}}, small_map);
  CHECK(lightness(cell_of(clipped, 0, 0)) == 3);
  CHECK(lightness(cell_of(clipped, 1, 0)) == 3);
  CHECK(lightness(cell_of(clipped, 0, 1)) == lightness(cell_of(clipped, 1, 1)));
}

TEST_CASE("a heat map's arrows begin where they are said to and go up and across", "[io]") {
  const sf::HeatPanel plain{sf::Vector<double>::Zero(4), "none"};
  auto with = plain;
  // One that begins outside, one of no length, and one that goes beyond the frame are not drawn.
  with.arrows =
      sf::Matrix<double>{{1.0, 5.0, 1.0, 1.0}, {1.0, 1.0, 1.0, 1.0}, {0.5, 0.5, 0.0, 3.0}, {0.5, 0.5, 0.0, 0.0}};
  const auto before = sf::heat_map({plain}, small_map), after = sf::heat_map({with}, small_map);
  sf::Index left = before.width(), right = 0, top = before.height(), bottom = 0;
  for (sf::Index y = 0; y < before.height(); ++y)
    for (sf::Index x = 0; x < before.width(); ++x)
      if (lightness(before.at(x, y)) != lightness(after.at(x, y))) {
        left = std::min(left, x), right = std::max(right, x), top = std::min(top, y), bottom = std::max(bottom, y);
      }
  // A quarter of 100 pixels each way, from the middle, and half of the pen around it.
  CHECK(std::abs(right - left - 26) <= 1);
  CHECK(std::abs(bottom - top - 26) <= 1);
  const auto frame_left = before.width() - static_cast<sf::Index>(sf::detail::PlotStyle::margin) - 100;
  CHECK(std::abs(left - frame_left - 50) <= 1);
}

TEST_CASE("a heat map draws points where they are", "[io]") {
  sf::HeatPanel panel{sf::Vector<double>::Zero(4), "one"};
  panel.points = sf::Matrix<double>{{0.5}, {1.5}};
  const auto canvas = sf::heat_map({panel}, small_map);
  CHECK(lightness(cell_of(canvas, 0, 1)) < 3);
  CHECK(lightness(cell_of(canvas, 1, 1)) == 3);
}

TEST_CASE("a heat map refuses what it cannot draw", "[io]") {
  const sf::Vector<double> four = sf::Vector<double>::Zero(4), three = sf::Vector<double>::Zero(3);
  CHECK_THROWS_WITH(sf::heat_map({}, small_map), contains("at least one panel"));
  CHECK_THROWS_WITH(sf::heat_map({{three, "odd"}}, small_map), contains("panel \"odd\"") && contains("got 3, 4 and 2"));
  CHECK_THROWS_AS(sf::heat_map({{four, "odd", sf::Matrix<double>(2, 1)}}, small_map), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::heat_map({{sf::Vector<double>(), "none"}}, small_map), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::heat_map({{sf::Vector<double>::Constant(4, std::nan("")), "none"}}, small_map), sf::NonFinite);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(sf::heat_map({{four, "far", sf::Matrix<double>::Constant(4, 1, infinity)}}, small_map),
                  sf::NonFinite);
  sf::HeatPanel dotted{four, "points"};
  CHECK_NOTHROW(sf::heat_map({dotted}, small_map));
  dotted.points = sf::Matrix<double>::Constant(2, 1, infinity);
  CHECK_THROWS_AS(sf::heat_map({dotted}, small_map), sf::NonFinite);
  auto bad = small_map;
  bad.scale = {1, 1};
  CHECK_THROWS_AS(sf::heat_map({{four, "flat"}}, bad), sf::InvalidArgument);
  bad = small_map;
  bad.up = {1, 0};
  CHECK_THROWS_AS(sf::heat_map({{four, "backwards"}}, bad), sf::InvalidArgument);
}
