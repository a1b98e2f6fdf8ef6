#include "scorefield/picture/plot.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

constexpr sf::Colour red{1, 0, 0};

/// How much of each pixel is red: frames and labels are grey.
double redness(const sf::Canvas& canvas, sf::Index column, sf::Index row) {
  const auto [r, g, b] = canvas.at(column, row);
  return r - g;
}

/// The red in a picture, and where it is, in pixels.
struct Red {
  double amount = 0, x = 0, y = 0;
  sf::Index left = 1 << 20, right = -1, top = 1 << 20, bottom = -1;
};

Red red_of(const sf::Canvas& canvas, sf::Index first, sf::Index last) {
  Red all;
  for (sf::Index row = 0; row < canvas.height(); ++row)
    for (sf::Index column = first; column < last; ++column)
      if (const double part = redness(canvas, column, row); part > 0) {
        all.amount += part;
        all.x += part * (static_cast<double>(column) + 0.5), all.y += part * (static_cast<double>(row) + 0.5);
        all.left = std::min(all.left, column), all.right = std::max(all.right, column);
        all.top = std::min(all.top, row), all.bottom = std::max(all.bottom, row);
      }
  all.x /= all.amount, all.y /= all.amount;
  return all;
}
Red red_of(const sf::Canvas& canvas) { return red_of(canvas, 0, canvas.width()); }

sf::Matrix<double> path_of(std::initializer_list<double> numbers) {
  sf::Matrix<double> path(static_cast<sf::Index>(numbers.size()), 1);
  std::ranges::copy(numbers, path.data());
  return path;
}

const sf::PlotOptions from_0_to_10{.panel_size = 200, .range = sf::AxisRange{0, 10}};

}  // namespace

TEST_CASE("a path goes through its points, with equal scales along both axes", "[io]") {
  const auto canvas =
      sf::plot({{"", {sf::Paths(path_of({2, 3, 8, 3, 8, 9}), {.colour = red, .width = 2})}}}, from_0_to_10);
  const auto line = red_of(canvas);
  // 20 pixels a unit: from (2, 3) to (8, 9), and half a width more on every side.
  CHECK(line.right - line.left + 1 == 122);
  CHECK(line.bottom - line.top + 1 == 122);
  // Two lines of 120 pixels and 2 wide, whose ends and joint are round: two half discs, a quarter of one, and a square.
  CHECK(line.amount == Catch::Approx(2 * 240 + std::numbers::pi + std::numbers::pi / 4 - 1).epsilon(0.01));
}

TEST_CASE("a path is equally dark at joints and where it crosses itself, and two paths are not", "[io]") {
  const sf::LayerStyle style{.colour = red, .width = 9, .opacity = 0.5};
  const sf::Matrix<double> cross = path_of({2, 5, 8, 5, 8, 5, 5, 5, 5, 8, 5, 2});
  const auto most = [](const sf::Canvas& canvas) {
    double darkest = 0;
    for (sf::Index row = 0; row < canvas.height(); ++row)
      for (sf::Index column = 0; column < canvas.width(); ++column)
        darkest = std::max(darkest, redness(canvas, column, row));
    return darkest;
  };
  CHECK(most(sf::plot({{"", {sf::Paths(cross, style)}}}, from_0_to_10)) == 0.5);
  CHECK(most(sf::plot({{"", {sf::Paths(cross.replicate(1, 2), style)}}}, from_0_to_10)) == 0.75);
}

TEST_CASE("points of their own are dots", "[io]") {
  const auto dot =
      red_of(sf::plot({{"", {sf::Paths(sf::Matrix<float>{{5}, {2}}, {.colour = red, .width = 8})}}}, from_0_to_10));
  CHECK(dot.amount == Catch::Approx(16 * std::numbers::pi).epsilon(0.01));
  CHECK(dot.right - dot.left + 1 == 8);
}

TEST_CASE("discs have their radius in the units of the axes", "[io]") {
  const sf::Matrix<double> centres{{3, 8}, {5, 5}};
  const auto discs = red_of(sf::plot({{"", {sf::Discs(centres, 1.5, {.colour = red})}}}, from_0_to_10));
  CHECK(discs.amount == Catch::Approx(2 * std::numbers::pi * 30 * 30).epsilon(0.01));
  CHECK(discs.right - discs.left + 1 == 100 + 2 * 30);
  CHECK(discs.bottom - discs.top + 1 == 2 * 30);
}

TEST_CASE("upper layers hide lower ones", "[io]") {
  const auto at = path_of({5, 5});
  const auto disc = sf::Discs(at, 2), above = sf::Discs(at, 2, {.colour = red});
  CHECK(red_of(sf::plot({{"", {disc, above}}}, from_0_to_10)).amount > 1000);
  CHECK(red_of(sf::plot({{"", {above, sf::Discs(at, 2.1)}}}, from_0_to_10)).amount == 0);
}

TEST_CASE("what is beyond the range is cut off at the frame", "[io]") {
  const auto inside = red_of(sf::plot({{"", {sf::Discs(path_of({5, 5}), 20, {.colour = red})}}}, from_0_to_10));
  CHECK(inside.amount == Catch::Approx(200 * 200));
  const auto line =
      red_of(sf::plot({{"", {sf::Paths(path_of({-1e300, 5, 1e300, 5}), {.colour = red, .width = 2})}}}, from_0_to_10));
  CHECK(line.amount == Catch::Approx(2 * 200));
  const auto aslant = red_of(
      sf::plot({{"", {sf::Paths(path_of({-990, -990, 1010, 1010}), {.colour = red, .width = 1})}}}, from_0_to_10));
  CHECK(aslant.right - aslant.left + 1 == 200);
  CHECK(aslant.bottom - aslant.top + 1 == 200);
}

TEST_CASE("a line to far away keeps its direction", "[io]") {
  const auto drawn = [](std::initializer_list<double> path) {
    return sf::plot({{"", {sf::Paths(path_of(path), {.colour = red, .width = 1})}}}, from_0_to_10);
  };
  const auto inside = drawn({5, 5, 7.5, 10});  // two up for one to the right, from the middle to the upper side
  const auto at = red_of(inside);
  for (const auto& canvas : {drawn({5, 5, 1e30, 2e30}), drawn({1e300, 2e300, 5, 5}), drawn({5, 5, 5e10, 1e11}),
                             drawn({5, 5, 1e30, 2e30, 5, 5})}) {
    const auto line = red_of(canvas);
    CHECK(line.amount == Catch::Approx(at.amount).epsilon(0.01));
    CHECK(line.x == Catch::Approx(at.x).margin(0.1));
    CHECK(line.y == Catch::Approx(at.y).margin(0.3));  // `inside` ends round
  }
  // Both ends are far, and the line passes the middle of the left side and of the upper side.
  const auto corner = red_of(drawn({-3e11, 5 - 3e11, 3e11, 5 + 3e11})), cut = red_of(drawn({-1, 4, 6, 11}));
  CHECK(corner.amount == Catch::Approx(cut.amount).epsilon(0.01));
  CHECK(corner.x == Catch::Approx(cut.x).margin(0.1));
  // All around the view, and not through it.
  CHECK(red_of(drawn({-1e30, -1e30, 1e30, -2e30, 2e30, 3e30, -1e30, 1e30, -1e30, -1e30})).amount == 0);
  CHECK(red_of(drawn({1e30, 5})).amount == 0);
}

TEST_CASE("a disc that is far away and large shows its edge", "[io]") {
  // The edge passes the middle of the view aslant, so that half of it is covered.
  const auto half =
      red_of(sf::plot({{"", {sf::Discs(path_of({5 + 3e12, 5 + 4e12}), 5e12, {.colour = red})}}}, from_0_to_10));
  CHECK(half.amount == Catch::Approx(200 * 200 / 2).epsilon(0.01));
  CHECK(red_of(sf::plot({{"", {sf::Discs(path_of({1e30, 5}), 1e15, {.colour = red})}}}, from_0_to_10)).amount == 0);
}

TEST_CASE("without a range all panels show all there is, on the same axes", "[io]") {
  // A square of 4 x 1.08 around (2, 3): the path is as wide as it, and the disc in the other panel as high.
  const auto canvas = sf::plot({{"a path", {sf::Paths(path_of({0, 3, 4, 3}), {.colour = red, .width = 2})}},
                                {"a disc", {sf::Discs(path_of({2, 3}), 2, {.colour = red})}},
                                {"nothing", {}}});
  const sf::Index panel = canvas.width() / 3;
  const auto path = red_of(canvas, 0, panel + 10), disc = red_of(canvas, panel + 10, canvas.width());
  CHECK(static_cast<double>(path.right - path.left + 1) == Catch::Approx(360 / 1.08 + 2).margin(2));
  CHECK(static_cast<double>(disc.bottom - disc.top + 1) == Catch::Approx(360 / 1.08).margin(2));
  CHECK(disc.y == Catch::Approx(path.y).margin(0.5));
  CHECK(red_of(canvas, canvas.width() - panel, canvas.width()).amount == 0);
}

TEST_CASE("a plot without extent, or of no paths in a given range, is a picture", "[io]") {
  CHECK(red_of(sf::plot({{"", {sf::Paths(path_of({2, 2}), {.colour = red})}}})).amount > 1);
  CHECK(red_of(sf::plot({{"", {sf::Paths(sf::Matrix<float>(8, 0), {.colour = red})}}}, from_0_to_10)).amount == 0);
  CHECK_NOTHROW(sf::plot({{"", {sf::Paths(path_of({1e17, 1e17}))}}}));
  CHECK_NOTHROW(sf::plot({{"", {sf::Discs(path_of({0, 0}), 1e308)}}}, from_0_to_10));
}

TEST_CASE("a plot of what cannot be shown is refused", "[io]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), most = std::numeric_limits<double>::max();
  const auto shown = [](const auto& layer) { return sf::plot({{"some", {layer}}}); };
  CHECK_THROWS_WITH(sf::plot({}), contains("plot: expected at least one panel"));
  CHECK_THROWS_WITH(sf::plot({{"empty", {}}}), contains("at least one path or disc"));
  CHECK_THROWS_WITH(shown(sf::Paths(sf::Matrix<float>(3, 1))),
                    contains("plot: expected paths of 2 L x n numbers in panel \"some\", got 3 x 1"));
  CHECK_THROWS_AS(shown(sf::Paths(sf::Matrix<float>(0, 1))), sf::InvalidArgument);
  CHECK_THROWS_WITH(shown(sf::Discs(sf::Matrix<double>::Zero(4, 1), 1)),
                    contains("centres of discs of 2 x n numbers in panel \"some\", got 4 x 1"));
  CHECK_THROWS_AS(shown(sf::Paths(path_of({0, nan}))), sf::NonFinite);
  CHECK_THROWS_WITH(shown(sf::Paths(sf::Matrix<double>{{0, 1}, {0, nan}})), contains("in column 1"));
  for (const double radius : {-1.0, nan, std::numeric_limits<double>::infinity()})
    CHECK_THROWS_WITH(shown(sf::Discs(path_of({0, 0}), radius)), contains("a finite radius of discs"));
  for (const auto& [width, opacity] : {std::pair(-1.0, 1.0), {1001, 1}, {nan, 1}, {1, -0.1}, {1, 1.1}, {1, nan}})
    CHECK_THROWS_WITH(shown(sf::Paths(path_of({0, 0}), {.width = width, .opacity = opacity})),
                      contains("a width of 0 to 1000 pixels and an opacity of 0 to 1"));
  const std::vector<sf::PlotPanel> good{{"", {sf::Paths(path_of({0, 0}))}}};
  CHECK_THROWS_WITH(sf::plot(good, {.panel_size = 63}), contains("a panel size of 64 to 65000 pixels"));
  CHECK_THROWS_WITH(sf::plot({{"", {sf::Paths(path_of({-most, 0, most, 0}))}}}),
                    contains("plot: expected points in a range that a double can hold, got an extent of inf"));
  CHECK_THROWS_AS(sf::plot(good, {.range = sf::AxisRange{1, 1}}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::plot(good, {.range = sf::AxisRange{0, nan}}), sf::InvalidArgument);
}
