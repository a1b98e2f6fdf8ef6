#include "scorefield/picture/histogram.hpp"

#include <cstddef>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

/// The inner width and height of a picture of panels with the same labels at the left: what grows with them.
struct CanvasSize {
  sf::Index width, height;
};

CanvasSize size_of(std::size_t panels, const sf::HistogramOptions& options = {}) {
  const auto canvas = sf::histograms(std::vector<sf::HistogramPanel>(panels, {.heights = {1, 2}}), options);
  return {canvas.width(), canvas.height()};
}

}  // namespace

TEST_CASE("histograms stand in rows of up to four", "[io]") {
  const auto one = size_of(1), four = size_of(4), five = size_of(5);
  CHECK(four.width - one.width == 3 * (240 + 24));
  CHECK(four.height == one.height);
  CHECK(five.width == four.width);
  CHECK(five.height > four.height + 150);
  CHECK(size_of(5, {.columns = 1}).width == one.width);
  CHECK(size_of(1, {.width = 340, .height = 250}).width == one.width + 100);
  CHECK(size_of(1, {.width = 340, .height = 250}).height == one.height + 100);
}

TEST_CASE("a band is grey, behind bars that are blue", "[io]") {
  // On the right half there is no bar.
  const auto canvas = sf::histograms({{.heights = {10, 0}, .title = "a", .band = sf::AxisRange{4, 6}}});
  bool grey = false, blue = false, both = false;
  for (sf::Index row = 0; row < canvas.height(); ++row) {
    const auto left = canvas.at(canvas.width() / 2 - 40, row), right = canvas.at(canvas.width() - 40, row);
    grey |= right.red < 0.95f && right.red > 0.85f && right.red == right.blue;
    blue |= left.blue - left.red > 0.15f && right.red == 1;
    both |= left.blue - left.red > 0.15f && right.red < 0.95f && right.red == right.blue;
  }
  CHECK(grey);
  CHECK(blue);
  CHECK(both);
}

TEST_CASE("a band without height is a line", "[io]") {
  const auto rows_that_differ = [](const sf::AxisRange& band) {
    const auto with = sf::histograms({{.heights = {10, 0}, .band = band}}),
               without = sf::histograms({{.heights = {10, 0}}});
    std::vector<sf::Index> rows;
    for (sf::Index row = 0; row < with.height(); ++row) {
      const sf::Index column = with.width() - 40;  // where there is no bar
      if (with.at(column, row).red != without.at(column, row).red) rows.push_back(row);
    }
    return rows;
  };
  const auto amid = rows_that_differ({5, 5}), lowest = rows_that_differ({0, 0});
  CHECK(amid.size() == 1);
  REQUIRE(lowest.size() == 1);
  // The lowest row within the frame, which a higher band reaches too.
  CHECK(rows_that_differ({0, 1}).back() == lowest.front());
}

TEST_CASE("all histograms have the same scale upwards", "[io]") {
  const auto axis = sf::detail::height_axis({{.heights = {1, 2}}, {.heights = {3}, .band = sf::AxisRange{0, 20}}});
  CHECK(axis.low == 0);
  CHECK(axis.length == Catch::Approx(22));
  CHECK(sf::detail::height_axis({{.heights = {0, 0}}}).length == 1);
}

TEST_CASE("what no histogram can show is refused", "[io]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), most = std::numeric_limits<double>::max();
  CHECK_THROWS_AS(sf::histograms({}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::histograms({{.heights = {}, .title = "a"}}), contains("in panel \"a\", got none"));
  CHECK_THROWS_WITH(sf::histograms({{.heights = {1, -2}, .title = "a"}}), contains("from 0 on in panel \"a\", got -2"));
  CHECK_THROWS_AS(sf::histograms({{.heights = {nan}}}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::histograms({{.heights = {most}}}), contains("heights of at most 1.6e308"));
  CHECK_THROWS_AS(sf::histograms({{.heights = {1}, .band = sf::AxisRange{-1, -1}}}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::histograms({{.heights = {1}, .band = sf::AxisRange{0, nan}}}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::histograms({{.heights = {1}, .range = {1, 1}}}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::histograms({{.heights = {1}, .title = "a", .band = sf::AxisRange{3, 2}}}),
                    contains("a finite band from low to high, from 0 on, in panel \"a\", got 3 to 2"));
  CHECK_THROWS_AS(sf::histograms({{.heights = {1}}}, {.width = 63}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::histograms({{.heights = {1}}}, {.height = 1001}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::histograms({{.heights = {1}}}, {.columns = -1}), contains("and -1 columns"));
}
