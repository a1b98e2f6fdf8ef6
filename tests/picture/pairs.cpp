#include "scorefield/picture/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "scorefield/core/random.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

sf::Matrix<double> normal_samples(sf::Index d, sf::Index n, sf::Seed seed = 1) {
  sf::Matrix<double> x(d, n);
  sf::Random(seed, "samples of this test").normal(sf::view(x), 0, 0);
  return x;
}

/// How much more blue (positive) or red (negative) than grey there is in a frame.
double blueness(const sf::Canvas& canvas, const sf::detail::PlotFrame& frame) {
  double sum = 0;
  for (auto row = static_cast<sf::Index>(frame.top); row < static_cast<sf::Index>(frame.bottom()); ++row)
    for (auto column = static_cast<sf::Index>(frame.left); column < static_cast<sf::Index>(frame.right()); ++column)
      sum += canvas.at(column, row).blue - canvas.at(column, row).red;
  return sum;
}

/// Where a corner plot of these sets has its panels.
sf::detail::PlotFrame frame_of(const std::vector<sf::PairsSet>& sets, const sf::PairsOptions& options, std::size_t row,
                               std::size_t column) {
  const auto axes = sf::detail::pairs_axes(sets, options.marked);
  const sf::detail::PairsLayout layout(options.panel_size, !options.names.empty(), sf::detail::legend_of(sets), axes);
  return layout.frame(row, column, axes);
}

}  // namespace

TEST_CASE("a corner plot has a panel for each coordinate and each two", "[io]") {
  const std::vector<sf::PairsSet> sets{{normal_samples(3, 500), "normal"}};
  const auto canvas = sf::pairs(sets);
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t column = 0; column < 3; ++column) {
      const auto frame = frame_of(sets, {}, row, column);
      const bool legend = row == 0 && column == 2;
      if (!legend) CHECK((blueness(canvas, frame) > 10) == (column <= row));
    }
  CHECK(sf::pairs({{normal_samples(3, 500), "normal"}}, {.panel_size = 64}).width() < canvas.width());
}

TEST_CASE("a point stands where its two axes say", "[io]") {
  // The corners of a square: each axis has 4 % more on either side of it.
  const std::vector<sf::PairsSet> sets{{sf::Matrix<double>{{0, 10, 0, 10}, {0, 0, 1, 1}}, ""}};
  const auto canvas = sf::pairs(sets);
  const auto frame = frame_of(sets, {}, 1, 0);
  for (const double x : {0.0, 10.0})
    for (const double y : {0.0, 1.0}) {
      const double at_x = frame.left + 150 * (0.04 + x / 10) / 1.08, at_y = frame.bottom() - 150 * (0.04 + y) / 1.08;
      CHECK(frame.x(x) == Catch::Approx(at_x));
      CHECK(frame.y(y) == Catch::Approx(at_y));
      CHECK(canvas.at(static_cast<sf::Index>(at_x), static_cast<sf::Index>(at_y)).red < 0.5f);
    }
  CHECK(canvas.at(static_cast<sf::Index>(frame.x(5)), static_cast<sf::Index>(frame.y(0.5))).red == 1);
}

TEST_CASE("bins hold the shares of the numbers in them", "[io]") {
  const sf::Vector<double> numbers{{0, 0.1, 0.3, 0.6, 1, -1, 2, 0.61}};
  const auto shares = sf::detail::shares_in_bins(numbers, {0, 1}, 4);
  CHECK(shares == std::vector<double>{0.25, 0.125, 0.25, 0.125});  // eighths are exact
}

TEST_CASE("bars are as high as the axis says", "[io]") {
  sf::Canvas canvas(100, 100);
  sf::detail::draw_bars(canvas, {0, 2, 4}, {10, 10, 60, 80, {{0, 1}, {0, 4}}}, {0, 0, 1}, 0.5);
  CHECK(canvas.at(20, 80).red == 1);     // no bar
  CHECK(canvas.at(40, 70).red == 0.5f);  // half as high as the frame
  CHECK(canvas.at(40, 40).red == 1);
  CHECK(canvas.at(60, 20).red == 0.5f);
  CHECK(canvas.at(30, 70).red < 0.5f);  // the outline
}

TEST_CASE("no set hides another", "[io]") {
  // 4,000 points of each set in one place: on top is about as much of one colour as of the other.
  sf::Matrix<double> points = sf::Matrix<double>::Zero(2, 4000);
  points.leftCols(50).setOnes();
  const std::vector<sf::PairsSet> sets{{points, "first"}, {points, "second"}};
  const auto canvas = sf::pairs(sets);
  const auto frame = frame_of(sets, {}, 1, 0);
  const auto mixed = canvas.at(static_cast<sf::Index>(frame.x(0)), static_cast<sf::Index>(frame.y(0)));
  const auto first = sf::detail::accent(0, 2), second = sf::detail::accent(1, 2);
  const float share = (mixed.blue - second.blue) / (first.blue - second.blue);
  CHECK(share > 0.3f);
  CHECK(share < 0.7f);
}

TEST_CASE("a legend covers no panel", "[io]") {
  const auto sets_of = [](std::size_t count, sf::Index d, const std::string& name) {
    std::vector<sf::PairsSet> sets;
    for (std::size_t k = 0; k < count; ++k) sets.emplace_back(normal_samples(d, 20, k), name);
    return sets;
  };
  for (const sf::Index d : {1, 2, 3, 5})
    for (const std::size_t count : {1u, 3u, 10u, 40u})
      for (const std::string name : {"short", "a name that is longer than a panel is wide"}) {
        const auto named = sets_of(count, d, name), nameless = sets_of(count, d, "");
        const auto with = sf::pairs(named, {.panel_size = 100}), without = sf::pairs(nameless, {.panel_size = 100});
        CAPTURE(d, count, name);
        bool covers = false;
        for (std::size_t row = 0; row < static_cast<std::size_t>(d); ++row)
          for (std::size_t column = 0; column <= row; ++column) {
            const auto frame = frame_of(named, {.panel_size = 100}, row, column);
            for (auto y = static_cast<sf::Index>(frame.top); y < static_cast<sf::Index>(frame.bottom()); ++y)
              for (auto x = static_cast<sf::Index>(frame.left); x < static_cast<sf::Index>(frame.right()); ++x)
                covers |= with.at(x, y).red != without.at(x, y).red;
          }
        CHECK_FALSE(covers);
      }
  // Ten lines are higher than a panel, and stand to the right of two; three are above the lower right one.
  const auto width = [&](std::size_t count) { return sf::pairs(sets_of(count, 2, "short")).width(); };
  CHECK(width(3) == sf::pairs(sets_of(3, 2, "")).width());
  CHECK(width(10) > width(3) + 40);
}

TEST_CASE("each coordinate has an axis of its own, which holds what is marked", "[io]") {
  sf::Matrix<double> x = normal_samples(2, 1000);
  x.row(1) *= 1e6;
  const auto axes = sf::detail::pairs_axes({{x, "a"}}, {});
  CHECK(axes[1].length > 1e5 * axes[0].length);
  const auto marked = sf::detail::pairs_axes({{x, "a"}}, {7, -1e7});
  CHECK(marked[0].shows(7));
  CHECK(marked[1].shows(-1e7));

  const std::vector<sf::PairsSet> sets{{x, "a"}};
  const sf::PairsOptions options{.marked = {7, -1e7}};
  const auto canvas = sf::pairs(sets, options);
  const auto frame = frame_of(sets, options, 1, 0);
  // Far from the points, where two dark lines meet.
  CHECK(canvas.at(static_cast<sf::Index>(frame.x(7)), static_cast<sf::Index>(frame.y(-1e7))).blue < 0.2f);
}

TEST_CASE("sets mix scalars, and a coordinate may be constant or alone", "[io]") {
  const Eigen::Matrix<float, 2, 3> ones = Eigen::Matrix<float, 2, 3>::Ones();
  CHECK_NOTHROW(sf::pairs({{ones, "float"}, {normal_samples(2, 9).leftCols(5), "double"}}, {.names = {"x", "y"}}));
  CHECK_NOTHROW(sf::pairs({{ones, ""}}));
  CHECK_NOTHROW(sf::pairs({{ones.topRows(1), "one"}, {ones.topRows(1), "two"}}, {.names = {"x"}, .marked = {1}}));
  CHECK_NOTHROW(sf::pairs({{sf::Matrix<double>::Constant(2, 3, 1e17), "far out"}}));
}

TEST_CASE("a long name is drawn smaller, within its panel", "[io]") {
  const std::string name = "a name that is longer than a panel is wide";
  CHECK(sf::text_width(name, sf::detail::title_size(name, 150)) == Catch::Approx(150));
  CHECK(sf::detail::title_size("short", 150) == sf::detail::PlotStyle::title_size);
}

TEST_CASE("ticks have room for their labels", "[io]") {
  for (const double low : {-3.0, 0.0, 12'000.0, -0.00123})
    for (const double length : {0.9, 7.0, 5000.0, 2e-5}) {
      const auto numbers = sf::detail::ticks_that_fit({low, length}, 150);
      CHECK(numbers.size() >= 1);
      CHECK(static_cast<double>(numbers.size() - 1) * sf::detail::widest_label(numbers) < 150);
    }
}

TEST_CASE("text is turned to read upwards", "[io]") {
  sf::Canvas along(120, 120), upwards(120, 120);
  sf::draw_text(along, "speed (m/s)", 20, 60, 11, {});
  sf::draw_text_upwards(upwards, "speed (m/s)", 60, 100, 11, {});
  // What was u to the right of the beginning is u above it. A pixel is the mean of 16 lines across, exact along them.
  double difference = 0;
  for (sf::Index u = 0; u < 90; ++u)
    for (sf::Index v = -20; v < 20; ++v)
      difference = std::max(
          difference, std::abs(double{along.at(20 + u, 60 + v).green} - double{upwards.at(60 + v, 99 - u).green}));
  CHECK(difference < 0.1);
}

TEST_CASE("what no corner plot can show is refused", "[io]") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), most = std::numeric_limits<double>::max();
  const auto good = normal_samples(2, 10);
  CHECK_THROWS_WITH(sf::pairs({}), contains("pairs: expected at least one set of samples, got none"));
  CHECK_THROWS_WITH(sf::pairs({{good, "a"}, {normal_samples(3, 10), "b"}}),
                    contains("2 x n samples, as in the first set, in \"b\", got 3 x 10"));
  CHECK_THROWS_AS(sf::pairs({{good.leftCols(0), "a"}}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::pairs({{good.topRows(0), "a"}}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::pairs({{normal_samples(33, 10), "a"}}), contains("1 to 32 coordinates, got 33"));
  CHECK_THROWS_AS(sf::pairs({{sf::Matrix<double>{{0, nan}}, "a"}}), sf::NonFinite);
  CHECK_THROWS_WITH(sf::pairs({{sf::Matrix<double>{{0, nan}}, "a"}}), contains("in \"a\", got a NaN or an infinity"));
  CHECK_THROWS_WITH(sf::pairs({{good, "a"}}, {.names = {"one"}}), contains("one for each of the 2 coordinates, got 1"));
  CHECK_THROWS_AS(sf::pairs({{good, "a"}}, {.marked = {1}}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::pairs({{good, "a"}}, {.marked = {1, nan}}), sf::NonFinite);
  CHECK_THROWS_AS(sf::pairs({{good, "a"}}, {.panel_size = 63}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::pairs({{good, "a"}}, {.panel_size = 1001}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::pairs({{sf::Matrix<double>{{-most, most}}, "a"}}),
                    contains("pairs: expected samples in a range that a double can hold in row 0, got from"));
}
