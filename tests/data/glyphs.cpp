#include "scorefield/data/image/glyphs.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

using Image = Eigen::Map<const Eigen::Matrix<float, 28, 28, Eigen::RowMajor>>;

/// The mean image of each class, 784 x 10.
sf::Matrix<float> class_means(const sf::Glyphs<float>& glyphs) {
  sf::Matrix<float> means = sf::Matrix<float>::Zero(784, 10);
  sf::Vector<float> counts = sf::Vector<float>::Zero(10);
  for (sf::Index j = 0; j < glyphs.samples.cols(); ++j) {
    const int label = glyphs.labels[static_cast<std::size_t>(j)];
    means.col(label) += glyphs.samples.col(j);
    counts(label) += 1;
  }
  return means * counts.cwiseInverse().asDiagonal();
}

}  // namespace

TEMPLATE_TEST_CASE("glyphs depend on the seed and the column alone", "[data]", float, double) {
  const auto many = sf::glyphs<TestType>(100, {.seed = 7});
  REQUIRE(many.samples.rows() == many.height * many.width);
  REQUIRE(many.samples.cols() == 100);
  REQUIRE(many.labels.size() == 100);
  const auto few = sf::glyphs<TestType>(37, {.seed = 7});
  CHECK(few.samples == many.samples.leftCols(37));
  CHECK(std::equal(few.labels.begin(), few.labels.end(), many.labels.begin()));

  const auto others = sf::glyphs<TestType>(100, {.seed = 8});
  CHECK(others.labels != many.labels);
  for (sf::Index j = 0; j < 100; ++j) CHECK(others.samples.col(j) != many.samples.col(j));
  CHECK(many.samples == sf::glyphs<float>(100, {.seed = 7}).samples.template cast<TestType>());
}

TEST_CASE("glyphs are asked for in numbers from 0 on", "[data]") {
  CHECK(sf::glyphs<float>(0).samples.cols() == 0);
  CHECK(sf::glyphs<float>(0).labels.empty());
  CHECK_THROWS_AS(sf::glyphs<float>(-1), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::glyphs<float>(-1), contains("glyphs: expected a number of points from 0 on, got -1"));
}

TEST_CASE("a glyph is ink on paper in the middle of the image", "[data]") {
  const auto glyphs = sf::glyphs<float>(5000, {.seed = 1});
  CHECK(glyphs.samples.minCoeff() == 0);
  CHECK(glyphs.samples.maxCoeff() == 1);
  for (sf::Index j = 0; j < glyphs.samples.cols(); ++j) {
    const Image image(glyphs.samples.col(j).data());
    const Eigen::RowVectorXf columns = image.colwise().sum(), rows = image.rowwise().sum().transpose();
    const auto centres = Eigen::RowVectorXf::LinSpaced(28, 0.5f, 27.5f);
    const float ink = image.sum();
    // Off by 0.7 on purpose, and by what crossings and the edge of the image do to the centre of the strokes: 1.8 is
    // the worst of 60,000.
    CHECK(std::abs(columns.dot(centres) / ink - 14) < 2);
    CHECK(std::abs(rows.dot(centres) / ink - 14) < 2);
    // The longer side of the box is from 18 to 20, and may cut into two pixels more.
    const auto side = std::max((columns.array() > 0).count(), (rows.array() > 0).count());
    CHECK(side >= 18);
    CHECK(side <= 22);
    // Nothing is cut off: a stroke ends half a pixel from the edge or further in, and there covers half a pixel at
    // most.
    const float outermost = std::max(
        {image.row(0).maxCoeff(), image.row(27).maxCoeff(), image.col(0).maxCoeff(), image.col(27).maxCoeff()});
    CHECK(outermost <= 0.5f + 1e-5f);  // rounding of coordinates up to 28
    CHECK(image.maxCoeff() == 1);
    CHECK((image.array() == 0).count() > 784 / 2);
  }
}

TEST_CASE("glyphs have the mean and the deviation of MNIST", "[data]") {
  const auto glyphs = sf::glyphs<float>(2000, {.seed = 2});
  const double mean = glyphs.samples.cast<double>().mean();
  // MNIST's are 0.1307 and 0.3081; ours are 0.1312 and 0.3118, and the mean of 2,000 images has a deviation of 0.001.
  CHECK(mean == Catch::Approx(0.131).margin(0.005));
  CHECK(std::sqrt(glyphs.samples.cast<double>().array().square().mean() - mean * mean) ==
        Catch::Approx(0.31).margin(0.01));
}

TEST_CASE("all digits are equally likely", "[data]") {
  constexpr int n = 10'000;
  std::array<int, 10> counts{};
  for (const int label : sf::glyphs<float>(n, {.seed = 3}).labels) ++counts.at(static_cast<std::size_t>(label));
  for (const int count : counts) CHECK(std::abs(count - n / 10) < 5 * std::sqrt(n * 0.1 * 0.9));  // binomial deviations
}

TEST_CASE("a glyph shows the digit of its label", "[data]") {
  const auto means = class_means(sf::glyphs<float>(4000, {.seed = 6}));
  // Where the mean image of a digit has more ink, or less, than that of each other digit: by 0.09 or more of what four
  // by four pixels can hold, where a mean of 400 images is known within 0.015.
  struct {
    const char* where;
    bool most;
    int row, column;
  } const marks[10] = {{"the hollow", false, 12, 13},         {"beside the stroke", false, 12, 16},
                       {"the left of the foot", true, 18, 8}, {"the end of the upper bow", true, 10, 13},
                       {"the crossing", true, 15, 13},        {"the start of the bow", true, 9, 11},
                       {"the left of the bow", true, 12, 9},  {"the left of the bar", true, 7, 5},
                       {"the crossing", true, 12, 12},        {"the right of the bow", true, 11, 15}};
  for (int digit = 0; digit < 10; ++digit) {
    const auto& mark = marks[digit];
    CAPTURE(digit, mark.where);
    sf::Vector<float> ink(10);
    for (int other = 0; other < 10; ++other)
      ink(other) = Image(means.col(other).data()).block<4, 4>(mark.row, mark.column).mean();
    sf::Index found = 0;
    mark.most ? ink.maxCoeff(&found) : ink.minCoeff(&found);
    CHECK(found == digit);
  }
}

TEST_CASE("digits can be told apart, and no two of a digit are alike", "[data]") {
  const auto known = sf::glyphs<float>(2000, {.seed = 4}), fresh = sf::glyphs<float>(1000, {.seed = 5});
  const auto means = class_means(known);
  int right = 0;
  for (sf::Index j = 0; j < 1000; ++j) {
    sf::Index nearest = 0;
    (means.colwise() - fresh.samples.col(j)).colwise().squaredNorm().minCoeff(&nearest);
    const int label = fresh.labels[static_cast<std::size_t>(j)];
    right += nearest == label;
    // As much variety as a network has to learn: no image is near the mean of its digit, which has about 100 of ink.
    CHECK((means.col(label) - fresh.samples.col(j)).squaredNorm() > 10);
  }
  // 0.91 of many are right, with a deviation of 0.01 for 1,000; by chance 0.1 would be, and of MNIST 0.82 are.
  CHECK(right > 850);
  CHECK(right < 970);
}
