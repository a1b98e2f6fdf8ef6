#include "scorefield/data/dataset.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "scorefield/sde/condition.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {
sf::Index size_of(const sf::Dataset<float>& data) { return data.size(); }
}  // namespace

// A matrix of another scalar is not converted behind the user's back.
static_assert(std::is_convertible_v<sf::Matrix<float>, sf::Dataset<float>>);
static_assert(std::is_convertible_v<Eigen::Matrix2Xf, sf::Dataset<float>>);
static_assert(!std::is_convertible_v<sf::Matrix<double>, sf::Dataset<float>>);

TEST_CASE("a matrix is a data set where one is asked for", "[data]") {
  const sf::Matrix<float> samples{{1, 2, 3}, {4, 5, 6}};
  CHECK(size_of(samples) == 3);
  CHECK(size_of(samples.leftCols(2)) == 2);
  CHECK(size_of(Eigen::Matrix<float, 2, 5>::Ones()) == 5);

  const sf::Dataset data{samples};
  CHECK(data.dimension() == 2);
  CHECK(data.size() == 3);
  CHECK(data.samples() == samples);
  CHECK(sf::Dataset{samples.topRows(1)}.dimension() == 1);
}

TEST_CASE("a matrix that is given away is not copied", "[data]") {
  sf::Matrix<double> samples = sf::Matrix<double>::Ones(4, 4);
  const double* memory = samples.data();
  const sf::Dataset data{std::move(samples)};
  CHECK(data.samples().data() == memory);
}

TEST_CASE("a data set refuses nothing and numbers that are none", "[data]") {
  CHECK_THROWS_AS(sf::Dataset<float>(sf::Matrix<float>(2, 0)), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::Dataset<float>(sf::Matrix<float>(0, 5)), contains("got a matrix of 0 x 5"));

  sf::Matrix<float> samples = sf::Matrix<float>::Zero(3, 10);
  samples(0, 9) = std::numeric_limits<float>::quiet_NaN();
  samples(2, 7) = -std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(sf::Dataset<float>(samples), sf::NonFinite);
  CHECK_THROWS_WITH(sf::Dataset<float>(samples), contains("got -inf in row 2 of sample (column) 7;"));
}

TEST_CASE("a data set may look at a matrix of somebody else", "[data]") {
  sf::Matrix<double> samples = sf::Matrix<double>::Ones(4, 5);
  const auto data = sf::Dataset<double>::view_of(samples);
  const auto copy = data;
  CHECK(data.samples().data() == samples.data());
  CHECK(copy.samples().data() == samples.data());
  CHECK(copy.dimension() == 4);
  CHECK(copy.size() == 5);
  samples(3, 1) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(sf::Dataset<double>::view_of(samples), contains("got inf in row 3 of sample (column) 1;"));
}

TEST_CASE("fingerprints tell data apart", "[data]") {
  const sf::Matrix<float> samples = sf::Vector<float>::LinSpaced(15, -1, 2).reshaped(3, 5);
  const auto of = [](const sf::Matrix<float>& x) { return sf::Dataset{x}.fingerprint(); };
  CHECK(of(samples) == sf::Dataset<float>::view_of(samples).fingerprint());
  CHECK(of(samples) != of(samples.reshaped(5, 3)));
  CHECK(of(samples) != of(samples.leftCols(4)));
  for (sf::Index i = 0; i < samples.size(); ++i) {
    auto other = samples;
    other(i) = std::nextafter(other(i), 3.0f);
    CHECK(of(other) != of(samples));
  }
  // The signs of a row are the highest bits of words, and an even number of their changes must not cancel.
  const sf::Matrix<float> pairs = samples.reshaped(15, 1).topRows(12).reshaped(2, 6);
  auto mirrored = pairs;
  mirrored.row(1) *= -1;
  CHECK(of(mirrored) != of(pairs));
}

TEST_CASE("a data set holds what each sample is given", "[data]") {
  const sf::Matrix<float> samples{{1, 2, 3}, {4, 5, 6}}, conditions{{7, 8, 9}};
  const sf::Dataset data{samples, conditions};
  CHECK(data.condition_size() == 1);
  CHECK(data.conditions() == conditions);
  CHECK(data.examples(1, 2).x0 == samples.rightCols(2));
  CHECK(data.examples(1, 2).condition == conditions.rightCols(2));
  CHECK(sf::Dataset{samples}.condition_size() == 0);
  CHECK(sf::Dataset{samples}.examples(0, 3).condition.cols() == 3);
  CHECK(data.fingerprint() != sf::Dataset{samples}.fingerprint());
  CHECK(data.fingerprint() != sf::Dataset(samples, sf::Matrix<float>{{7, 8, 8}}).fingerprint());
}

TEST_CASE("a data set refuses conditions that do not fit or are half given", "[data]") {
  const sf::Matrix<float> samples = sf::Matrix<float>::Zero(2, 3);
  CHECK_THROWS_WITH(sf::Dataset<float>(samples, sf::Matrix<float>::Zero(2, 4)), contains("3 columns, one for each"));
  CHECK_THROWS_WITH(sf::Dataset<float>(samples, sf::Matrix<float>(0, 3)), contains("at least one row"));
  sf::Matrix<float> conditions = sf::Matrix<float>::Ones(2, 3);
  conditions.col(1) = sf::not_given<float>(2);
  CHECK_NOTHROW(sf::Dataset<float>(samples, conditions));
  conditions(1, 1) = 0;
  CHECK_THROWS_WITH(sf::Dataset<float>(samples, conditions), contains("that of sample 1;"));
}
