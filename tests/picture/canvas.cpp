#include "scorefield/picture/canvas.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "scorefield/picture/detail/stroke_font.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

constexpr sf::Colour black{};

/// How many pixels' worth of black there is on white.
double ink(const sf::Canvas& canvas) {
  double sum = 0;
  for (sf::Index row = 0; row < canvas.height(); ++row)
    for (sf::Index column = 0; column < canvas.width(); ++column) sum += 1 - canvas.at(column, row).green;
  return sum;
}

}  // namespace

TEST_CASE("a disc has as much ink as area, and keeps its place", "[io]") {
  for (const double radius : {1.2, 1.5, 2.0, 7.25, 40.0})
    for (const double shift : {0.0, 0.21, 0.5, 0.83}) {
      sf::Canvas canvas(100, 110);
      const double x = 50 + shift, y = 53 - shift / 2;
      canvas.disc(x, y, radius, black);
      // 16 lines a pixel row are 38 over the smallest disc: a midpoint rule within 1 %.
      const double area = std::numbers::pi * radius * radius;
      CHECK(ink(canvas) == Catch::Approx(area).epsilon(0.01));

      double moment_x = 0, moment_y = 0;
      for (sf::Index row = 0; row < 110; ++row)
        for (sf::Index column = 0; column < 100; ++column) {
          moment_x += (static_cast<double>(column) + 0.5) * (1 - canvas.at(column, row).green);
          moment_y += (static_cast<double>(row) + 0.5) * (1 - canvas.at(column, row).green);
        }
      // A pixel's ink counts at its middle, which moves the mean of a small disc by up to 0.02 pixels.
      CHECK(moment_x / ink(canvas) == Catch::Approx(x).margin(0.02));
      CHECK(moment_y / ink(canvas) == Catch::Approx(y).margin(0.02));
    }
}

TEST_CASE("a line has the ink of its length and its round ends", "[io]") {
  constexpr double width = 3, length = 40;
  for (int direction = 0; direction < 16; ++direction) {
    sf::Canvas canvas(100, 100);
    const double angle = direction * std::numbers::pi / 8;
    canvas.line(50.3, 49.8, 50.3 + length * std::cos(angle), 49.8 + length * std::sin(angle), width, black);
    CHECK(ink(canvas) == Catch::Approx(width * length + std::numbers::pi * width * width / 4).epsilon(0.01));
  }
  // An upright line comes and goes at its ends alone.
  sf::Canvas canvas(20, 20);
  canvas.line(10, 16, 10, 4, 2, black);
  CHECK(canvas.at(9, 10).green == Catch::Approx(0).margin(1e-6));
  CHECK(canvas.at(10, 5).green == Catch::Approx(0).margin(1e-6));
  CHECK(canvas.at(8, 10).green == 1);
  CHECK(canvas.at(10, 2).green == 1);
}

TEST_CASE("a path has the ink of its lines, each pixel once", "[io]") {
  const sf::Matrix<double> points{{10.3, 60.1, 60.1, 30.2}, {12.4, 12.4, 70.8, 41.3}};
  sf::Canvas canvas(100, 100), lines(100, 100);
  canvas.path(points, 5, black, 0.5);
  for (sf::Index j = 1; j < points.cols(); ++j)
    lines.line(points(0, j - 1), points(1, j - 1), points(0, j), points(1, j), 5, black, 0.5);
  sf::Index differ = 0;
  for (sf::Index row = 0; row < 100; ++row)
    for (sf::Index column = 0; column < 100; ++column) {
      CHECK(canvas.at(column, row).green >= 0.5f);
      CHECK(lines.at(column, row).green <= canvas.at(column, row).green);
      differ += lines.at(column, row).green < canvas.at(column, row).green;
    }
  // At the joints alone lines are darker.
  CHECK(differ > 20);
  CHECK(differ < 100);

  sf::Canvas dot(20, 20), disc(20, 20);
  dot.path(sf::Matrix<double>{{9.3}, {11.7}}, 6, black);
  disc.disc(9.3, 11.7, 3, black);
  CHECK(dot.bytes() == disc.bytes());
}

TEST_CASE("a path that cannot be drawn is refused and draws nothing", "[io]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  sf::Canvas canvas(20, 10);
  CHECK_THROWS_WITH(canvas.path(sf::Matrix<double>(3, 4), 1, black),
                    contains("Canvas: expected a path of 2 x n points, n from 1 on, got 3 x 4"));
  CHECK_THROWS_AS(canvas.path(sf::Matrix<double>(2, 0), 1, black), sf::InvalidArgument);
  for (const double bad : {nan, 1e300}) {
    CHECK_THROWS_AS(canvas.path(sf::Matrix<double>{{1, 2, 3}, {4, bad, 5}}, 1, black), sf::InvalidArgument);
    CHECK_THROWS_AS(canvas.path(sf::Matrix<double>{{1}, {4}}, bad, black), sf::InvalidArgument);
    CHECK_THROWS_AS(canvas.path(sf::Matrix<double>{{1}, {4}}, 1, black, bad), sf::InvalidArgument);
  }
  canvas.path(sf::Matrix<double>{{-1e6, -50}, {-1e6, 50}}, 1, black);
  canvas.path(sf::Matrix<double>{{3, 9}, {40, 50}}, 4, black);
  CHECK(ink(canvas) == 0);
}

TEST_CASE("a picture is put where it is said, and cut off outside", "[io]") {
  const sf::Canvas small(4, 3, black);
  for (const sf::Index column : {-2, 0, 5, 8})
    for (const sf::Index row : {-1, 0, 6, 10}) {
      sf::Canvas canvas(10, 8);
      canvas.put(small, column, row);
      for (sf::Index y = 0; y < 8; ++y)
        for (sf::Index x = 0; x < 10; ++x)
          CHECK(canvas.at(x, y).green == (x >= column && x < column + 4 && y >= row && y < row + 3 ? 0 : 1));
    }
}

TEST_CASE("a rectangle covers parts of pixels by their part", "[io]") {
  sf::Canvas canvas(10, 10);
  canvas.rectangle(2.25, 3, 4, 2.5, black);
  // Sixteenths are exact in float.
  CHECK(canvas.at(1, 3).green == 1);
  CHECK(canvas.at(2, 3).green == 0.25f);
  CHECK(canvas.at(3, 3).green == 0);
  CHECK(canvas.at(6, 3).green == 0.75f);
  CHECK(canvas.at(3, 5).green == 0.5f);
  CHECK(canvas.at(3, 6).green == 1);
  CHECK(ink(canvas) == 10);
}

TEST_CASE("layers of opacity add up as they do on paper", "[io]") {
  sf::Canvas canvas(4, 4, {1, 0.5f, 0});
  canvas.rectangle(0, 0, 4, 4, {0, 0.5f, 1}, 0.5);
  canvas.rectangle(0, 0, 4, 4, {0, 0.5f, 1}, 0.5);
  CHECK(canvas.at(1, 2).red == 0.25f);
  CHECK(canvas.at(1, 2).green == 0.5f);
  CHECK(canvas.at(1, 2).blue == 0.75f);
  const auto bytes = canvas.bytes();
  REQUIRE(bytes.size() == 48);
  CHECK(int{bytes[0]} == 64);
  CHECK(int{bytes[1]} == 128);
  CHECK(int{bytes[2]} == 191);
}

TEST_CASE("what lies outside the canvas is cut off", "[io]") {
  sf::Canvas canvas(20, 10);
  canvas.disc(-30, 5, 10, black);
  canvas.disc(5, 1e12, 10, black);
  canvas.rectangle(20, 0, 1e9, 1e9, black);
  CHECK(ink(canvas) == 0);
  canvas.disc(0, 0, 4, black);
  CHECK(ink(canvas) == Catch::Approx(4 * std::numbers::pi).epsilon(0.01));  // a quarter of the disc
  canvas.rectangle(-1e9, -1e9, 2e9, 2e9, black);
  CHECK(ink(canvas) == Catch::Approx(200).epsilon(1e-6));
}

TEST_CASE("numbers that are not finite, or too large to compute with, are refused and draw nothing", "[io]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  sf::Canvas canvas(20, 10);
  for (const double bad : {nan, infinity, -infinity, 1e300, -1e300, std::numeric_limits<double>::max()}) {
    CHECK_THROWS_AS(canvas.disc(bad, 5, 3, black), sf::InvalidArgument);
    CHECK_THROWS_AS(canvas.disc(5, bad, 3, black), sf::InvalidArgument);
    CHECK_THROWS_AS(canvas.disc(5, 5, bad, black), sf::InvalidArgument);
    CHECK_THROWS_AS(canvas.disc(5, 5, 3, black, bad), sf::InvalidArgument);
    CHECK_THROWS_AS(canvas.line(5, 5, bad, 8, 3, black), sf::InvalidArgument);
    CHECK_THROWS_AS(canvas.line(5, 5, 8, bad, 3, black), sf::InvalidArgument);
    for (const auto& [left, top, width, height] :
         {std::array{bad, 1.0, 2.0, 2.0}, {1.0, bad, 2.0, 2.0}, {1.0, 1.0, bad, 2.0}, {1.0, 1.0, 2.0, bad}})
      CHECK_THROWS_AS(canvas.rectangle(left, top, width, height, black), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::draw_text(canvas, "a", bad, 5, 8, black), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::draw_text(canvas, "a", 5, 5, bad, black), sf::InvalidArgument);
  }
  CHECK_THROWS_WITH(canvas.disc(5, nan, 3, black),
                    contains("Canvas: expected positions, sizes and opacities of at most 1e+100, got nan"));
  CHECK(ink(canvas) == 0);
}

TEST_CASE("shapes as large as numbers go stay within the canvas", "[io]") {
  for (const double x0 : {-1e100, 0.0, 7.5, 1e100})
    for (const double y0 : {-1e100, 0.0, 7.5, 1e100})
      for (const double x1 : {-1e100, 0.0, 1e-320, 1e100})
        for (const double y1 : {-1e100, 0.0, 1e-320, 1e100})
          for (const double width : {0.0, 1e-320, 3.0, 1e100}) {
            sf::Canvas canvas(20, 10);
            canvas.line(x0, y0, x1, y1, width, black);
            CHECK(ink(canvas) >= 0);  // no NaN
            CHECK(ink(canvas) <= 200 * (1 + 1e-6));
          }
  sf::Canvas canvas(20, 10);
  canvas.disc(0, 0, 1e99, black);
  CHECK(ink(canvas) == Catch::Approx(200).epsilon(1e-6));
}

TEST_CASE("a canvas without pixels, or with too many, is refused", "[io]") {
  CHECK_THROWS_AS(sf::Canvas(0, 10), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::Canvas(10, -1), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::Canvas(10, 65'536), contains("got 10 x 65536"));
}

TEST_CASE("every character has a shape of its own", "[io]") {
  const std::string characters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,:-+=/()_%# *";
  std::vector<std::vector<std::uint8_t>> pictures;
  for (const char c : characters) {
    sf::Canvas canvas(40, 40);
    sf::draw_text(canvas, std::string(1, c), 10, 30, 18, black);
    // Blank like the space, or well visible.
    CHECK((c == ' ' ? ink(canvas) == 0 : ink(canvas) > 4));
    for (const auto& other : pictures) CHECK(canvas.bytes() != other);
    pictures.push_back(canvas.bytes());
  }
}

TEST_CASE("a character of several bytes is one box", "[io]") {
  constexpr double size = 18;
  for (const std::string text : {"B\xC3\xA4rn", "B\xE2\x82\xACrn", "B\xF0\x9F\x90\xBBrn"}) {  // two, three and four
    CHECK(sf::text_width(text, size) == sf::text_width("B*rn", size));
    sf::Canvas drawn(100, 40), boxed(100, 40);
    sf::draw_text(drawn, text, 10, 30, size, black);
    sf::draw_text(boxed, "B*rn", 10, 30, size, black);
    CHECK(drawn.bytes() == boxed.bytes());
  }
  CHECK(sf::text_width("\xA4", size) == 0);  // no character begins there
}

TEST_CASE("text stays within its width and height", "[io]") {
  constexpr double size = 20;
  const std::string text = "Hxgj(t) = 0.75, steps: W+Q/";
  const double width = sf::text_width(text, size);
  sf::Canvas canvas(600, 80);
  sf::draw_text(canvas, text, 30, 50, size, black);
  // Half a pen beyond on each side; descenders reach a third of the capitals' height below the baseline.
  constexpr sf::Index left = 30, pen = 2;
  const auto right = left + static_cast<sf::Index>(std::ceil(width));
  for (sf::Index row = 0; row < 80; ++row)
    for (sf::Index column = 0; column < 600; ++column)
      if (row < 30 - 3 - pen || row > 50 + 7 + pen || column < left - pen || column > right + pen)
        REQUIRE(canvas.at(column, row).green == 1);
  // The H reaches from the baseline to the height of capitals.
  CHECK(canvas.at(left, 50 - 1).green < 0.1f);
  CHECK(canvas.at(left, 50 - 20).green < 0.1f);
  CHECK(sf::text_width("", size) == 0);
  CHECK(sf::text_width(text, 2 * size) == Catch::Approx(2 * width));
}
