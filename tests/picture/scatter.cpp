#include "scorefield/picture/scatter.hpp"

#include <cmath>
#include <limits>

#include "scorefield/core/random.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

struct Centre {
  double x = 0, y = 0, weight = 0;
};

/// The middle of what has a colour, in columns [first, last): points have, frames and labels are grey.
Centre coloured(const sf::Canvas& canvas, sf::Index first, sf::Index last) {
  Centre centre;
  for (sf::Index row = 0; row < canvas.height(); ++row)
    for (sf::Index column = first; column < last; ++column) {
      const auto [red, green, blue] = canvas.at(column, row);
      const double weight = std::max({red, green, blue}) - std::min({red, green, blue});
      centre.x += weight * static_cast<double>(column);
      centre.y += weight * static_cast<double>(row);
      centre.weight += weight;
    }
  centre.x /= centre.weight, centre.y /= centre.weight;
  return centre;
}
Centre coloured(const sf::Canvas& canvas) { return coloured(canvas, 0, canvas.width()); }

sf::Matrix<double> point(double x, double y) { return sf::Matrix<double>{{x}, {y}}; }

sf::Matrix<double> normals(sf::Index n) {
  sf::Matrix<double> x(2, n);
  sf::Random(sf::Seed{1}, "points of this test").normal(sf::view(x), 0, 0);
  return x;
}

}  // namespace

TEST_CASE("points stand where the axes say, with equal scales", "[io]") {
  const sf::ScatterOptions options{.panel_size = 200, .range = sf::AxisRange{-1, 3}};
  const auto origin = coloured(sf::scatter({{point(0, 0), "a"}}, options));
  const auto right = coloured(sf::scatter({{point(2, 0), "a"}}, options));
  const auto up = coloured(sf::scatter({{point(0, 2), "a"}}, options));
  // 200 pixels for 4 units; shapes are placed within a small part of a pixel.
  CHECK(right.x - origin.x == Catch::Approx(100).margin(0.05));
  CHECK(right.y - origin.y == Catch::Approx(0).margin(0.05));
  CHECK(up.x - origin.x == Catch::Approx(0).margin(0.05));
  CHECK(origin.y - up.y == Catch::Approx(100).margin(0.05));
}

TEST_CASE("panels have the same axes", "[io]") {
  // From the diagonal of the square to its corner: half of the diagonal of the common view, which has 4 % on each side.
  const auto canvas = sf::scatter({{sf::Matrix<double>{{0, 1, 2}, {1, 2, 3}}, "three"}, {point(2, 3), "corner"}});
  const auto middle = canvas.width() / 2;
  const auto left = coloured(canvas, 0, middle), right = coloured(canvas, middle, canvas.width());
  const double pitch = 360 + sf::detail::PlotStyle::gap;
  CHECK(right.x - left.x == Catch::Approx(pitch + 180 / 1.08).margin(0.1));
  CHECK(left.y - right.y == Catch::Approx(180 / 1.08).margin(0.1));
  const auto twice = sf::scatter({{point(1, 2), "a"}, {point(1, 2), "b"}, {point(1, 2), "c"}});
  CHECK(twice.width() > 3 * 360);
  CHECK(twice.height() == canvas.height());
}

TEST_CASE("panels mix scalars and shapes of matrices", "[io]") {
  const Eigen::Matrix<float, 2, 3> few = Eigen::Matrix<float, 2, 3>::Ones();
  const auto canvas = sf::scatter({{few, "float"}, {normals(10).leftCols(5), "double"}}, {.panel_size = 64});
  CHECK(coloured(canvas).weight > 0);
}

TEST_CASE("points outside a given range are not shown", "[io]") {
  const sf::Matrix<double> around{{4.2, -4.2, 0, 0}, {0, 0, 4.2, -4.2}};  // within the margins
  for (sf::Index j = 0; j < 4; ++j)
    CHECK(coloured(sf::scatter({{around.col(j), "far"}}, {.range = sf::AxisRange{-4, 4}})).weight == 0);
}

TEST_CASE("the range shows a normal distribution and does not follow an outlier", "[io]") {
  auto points = normals(10'000);
  const auto usual = sf::detail::common_view({{points, "normal"}});
  // 3.5 deviations and a margin; quantiles of 10,000 points are known within 0.04.
  CHECK(usual.across.low < -3.4);
  CHECK(usual.across.low + usual.across.length > 3.4);
  CHECK(usual.across.length < 8.5);
  points.col(17) << 1e6, -1e6;
  const auto with_outlier = sf::detail::common_view({{points, "normal"}});
  CHECK(with_outlier.across.length == Catch::Approx(usual.across.length).epsilon(0.02));
}

TEST_CASE("a range without extent still gives a picture", "[io]") {
  CHECK(coloured(sf::scatter({{point(2, 2), "one"}})).weight > 0);
  CHECK_NOTHROW(sf::scatter({{point(1e17, 1e17), "far out"}}));
  CHECK_NOTHROW(sf::scatter({{point(std::numeric_limits<double>::max(), 0), "as far as numbers go"}}));
}

TEST_CASE("what stands around the largest panel has room on a canvas", "[io]") {
  // With the longest labels that ticks have.
  const auto canvas =
      sf::scatter({{point(0, 0), ""}}, {.panel_size = 64, .range = sf::AxisRange{-1.23456e-299, -1.23455e-299}});
  CHECK(65'000 - 64 + canvas.width() <= 65'535);
  CHECK(65'000 - 64 + canvas.height() <= 65'535);
}

TEST_CASE("ticks are few and round", "[io]") {
  for (const double side : {0.013, 0.9, 1.0, 2.4, 3.0, 7.5, 9.9, 640.0}) {
    const auto numbers = sf::detail::ticks(-0.4 * side, side);
    CHECK(numbers.size() >= 2);
    CHECK(numbers.size() <= 7);
    for (const double number : numbers) {
      CHECK(number >= -0.4 * side);
      CHECK(number <= 0.6 * side);
      CHECK(sf::detail::tick_label(number).size() <= 6);
    }
  }
  CHECK(sf::detail::ticks(-3.7, 7.4) == std::vector<double>{-2, 0, 2});
  CHECK(sf::detail::ticks(0, 6).size() == 7);
  CHECK(sf::detail::tick_label(3 * 0.1) == "0.3");
  CHECK(sf::detail::tick_label(-0.0) == "0");
}

TEST_CASE("what cannot be shown is refused", "[io]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(sf::scatter({}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::scatter({{sf::Matrix<float>::Zero(3, 10), "images"}}),
                    contains("scatter: expected 2 x n points in panel \"images\", got 3 x 10"));
  CHECK_THROWS_AS(sf::scatter({{sf::Matrix<float>(2, 0), "nothing"}}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::scatter({{point(0, nan), "bad"}}), sf::NonFinite);
  CHECK_THROWS_WITH(sf::scatter({{point(0, 0), "good"}, {sf::Matrix<double>{{0, 1}, {0, nan}}, "bad"}}),
                    contains("in panel \"bad\", got (1, nan) in column 1"));
  CHECK_THROWS_AS(sf::scatter({{point(0, 0), "small"}}, {.panel_size = 63}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::scatter({{point(0, 0), "a"}}, {.panel_size = std::numeric_limits<sf::Index>::max()}),
                    contains("a panel size of 64 to 65000 pixels"));
  const double most = std::numeric_limits<double>::max();
  CHECK_THROWS_WITH(sf::scatter({{sf::Matrix<double>{{-most, most}, {0, 0}}, "far"}}),
                    contains("scatter: expected points in a range that a double can hold, got an extent of inf"));
  CHECK_THROWS_AS(sf::scatter({{point(0, 0), "a"}}, {.range = sf::AxisRange{1, 1}}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::scatter({{point(0, 0), "a"}}, {.range = sf::AxisRange{0, nan}}), sf::InvalidArgument);
}
