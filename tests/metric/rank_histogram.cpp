#include "scorefield/metric/rank_histogram.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

/// Truths from a normal distribution of deviation 1, each among draws from one of another mean and deviation.
sf::RankHistogram normal_ranks(sf::Index truths, double mean, double deviation) {
  constexpr sf::Index d = 2, draws = 99, bins = 20;
  sf::RankHistogram ranks(d, draws, bins);
  sf::Matrix<double> truth(d, truths), drawn(d, draws);
  sf::Random(sf::Seed{1}, "truths").normal(sf::view(truth), 0, 0);
  for (sf::Index j = 0; j < truths; ++j) {
    sf::Random(sf::Seed{1}, "draws").normal(sf::view(drawn), j * draws, 0);
    ranks.add(truth.col(j), (mean + deviation * drawn.array()).matrix());
  }
  return ranks;
}

}  // namespace

TEST_CASE("the binomial band has as much on either side as it should", "[metric]") {
  // From sums of exact fractions.
  const auto is = [](const sf::CountBand& band, sf::Index low, sf::Index high) {
    return band.low == low && band.high == high;
  };
  CHECK(is(sf::binomial_band(300, 1.0 / 15), 10, 32));
  CHECK(is(sf::binomial_band(300, 1.0 / 20), 6, 25));
  CHECK(is(sf::binomial_band(300, 1.0 / 15, 0.9), 13, 27));
  CHECK(is(sf::binomial_band(1, 0.5), 0, 1));
  CHECK(is(sf::binomial_band(10, 0.1), 0, 4));
  CHECK(is(sf::binomial_band(1000, 0.05), 33, 69));
  CHECK(is(sf::binomial_band(3000, 0.5), 1429, 1571));
  // The chance of no success in a million is below the smallest double; 2.576 deviations of 500 are on either side.
  const auto many = sf::binomial_band(1'000'000, 0.5);
  CHECK(std::abs(static_cast<double>(many.low) - (500'000 - 1288)) <= 1);
  CHECK(std::abs(static_cast<double>(many.high) - (500'000 + 1288)) <= 1);
  CHECK(many.contains(many.low));
  CHECK(many.contains(many.high));
  CHECK_FALSE(many.contains(many.high + 1));
}

TEST_CASE("a truth is counted in the bin of its rank", "[metric]") {
  sf::RankHistogram ranks(2, 5, 3);  // bins of the ranks 0 and 1, 2 and 3, 4 and 5
  const sf::Matrix<float> draws{{1, 2, 3, 4, 5}, {50, 40, 30, 20, 10}};
  ranks.add(sf::Vector<float>{{0.5f, 55}}, draws);               // ranks 0 and 5
  ranks.add(sf::Vector<float>{{1.5f, 45}}, draws);               // 1 and 4
  ranks.add(sf::Vector<float>{{2.5f, 25}}, draws);               // 2 and 2
  ranks.add(sf::Vector<double>{{9, 35}}, draws.cast<double>());  // 5 and 3
  CHECK(ranks.observations() == 4);
  CHECK(ranks.heights(0) == std::vector<double>{2, 1, 1});
  CHECK(ranks.heights(1) == std::vector<double>{0, 2, 2});
}

TEST_CASE("truths and draws may be expressions, as products are", "[metric]") {
  const sf::Matrix<double> turned{{0, 1}, {1, 0}}, draws{{1, 2, 3, 4, 5}, {50, 40, 30, 20, 10}};
  sf::RankHistogram ranks(2, 5, 3);
  ranks.add(turned * sf::Vector<double>{{25, 0.5}}, draws);                                // ranks 0 and 2
  ranks.add(sf::Matrix<double>{{5, 25}}.transpose(), turned * draws.colwise().reverse());  // 4 and 2
  CHECK(ranks.heights(0) == std::vector<double>{1, 0, 1});
  CHECK(ranks.heights(1) == std::vector<double>{0, 2, 0});
}

TEST_CASE("ranks of calibrated posteriors are uniform, and those of others are seen", "[metric]") {
  constexpr sf::Index truths = 2000;
  // Of 40 bins 0.4 are outside the band by chance, more than 3 once in a thousand times.
  CHECK(normal_ranks(truths, 0, 1).outside() <= 3);
  const auto narrow = normal_ranks(truths, 0, 0.7);
  CHECK(narrow.outside() >= 8);
  for (const sf::Index row : {0, 1}) {
    CHECK(narrow.counts()(0, row) > narrow.band().high);  // bulges at its ends
    CHECK(narrow.counts()(19, row) > narrow.band().high);
  }
  const auto wide = normal_ranks(truths, 0, 1.5);
  CHECK(wide.counts()(0, 0) < wide.band().low);
  const auto biased = normal_ranks(truths, 0.4, 1);
  CHECK(biased.counts()(0, 0) > biased.band().high);
  CHECK(biased.counts()(19, 0) < biased.band().low);
}

TEST_CASE("coverage counts the truths in central intervals", "[metric]") {
  constexpr sf::Index truths = 2000;
  const auto right = normal_ranks(truths, 0, 1), narrow = normal_ranks(truths, 0, 0.7),
             shifted = normal_ranks(truths, 1, 1);
  for (const sf::Index left_out : {1, 5, 9}) {
    const auto of = right.coverage(1, left_out);
    CHECK(of.nominal == Catch::Approx(1 - 0.1 * static_cast<double>(left_out)).epsilon(1e-14));
    CHECK(of.calibrated);
    CHECK(std::abs(of.share - of.nominal) < 0.05);
    CHECK(narrow.coverage(1, left_out).share < of.share);
    CHECK_FALSE(narrow.coverage(1, left_out).calibrated);
    CHECK_FALSE(shifted.coverage(0, left_out).calibrated);
  }
  // Of a normal distribution of deviation 0.7 the interval of 90 % is that of |x| < 1.151, which has 75.0 %; that many
  // draws know its ends to a few hundredths.
  CHECK(narrow.coverage(0, 1).share == Catch::Approx(0.75).margin(0.04));
  CHECK(right.coverage(0, 1, 0.5).band.high < right.coverage(0, 1).band.high);
  for (const sf::Index bad : {0, 10, -1}) CHECK_THROWS_AS(right.coverage(0, bad), sf::InvalidArgument);
  CHECK_THROWS_AS(right.coverage(2, 1), sf::InvalidArgument);
  CHECK_THROWS_AS(right.coverage(-1, 1), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::RankHistogram(1, 9, 5).coverage(0, 1), sf::InvalidArgument);  // of no truth
}

TEST_CASE("ties are broken by lot, so that constants are calibrated", "[metric]") {
  sf::RankHistogram ranks(1, 9, 5);
  for (int i = 0; i < 1000; ++i) ranks.add(sf::Vector<double>::Ones(1), sf::Matrix<double>::Ones(1, 9));
  CHECK(ranks.outside(0.999) == 0);
  sf::RankHistogram other(1, 9, 5, sf::Seed{7});
  for (int i = 0; i < 1000; ++i) other.add(sf::Vector<double>::Ones(1), sf::Matrix<double>::Ones(1, 9));
  CHECK(other.counts() != ranks.counts());
  CHECK(other.outside(0.999) == 0);
}

TEST_CASE("ranks that cannot be counted are refused", "[metric]") {
  CHECK_THROWS_AS(sf::RankHistogram(0, 9, 5), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::RankHistogram(1, 9, 1), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::RankHistogram(1, 10, 5), contains("bins that divide draws + 1, got 1, 10 and 5"));
  sf::RankHistogram ranks(2, 9, 5);
  const sf::Matrix<double> draws = sf::Matrix<double>::Zero(2, 9);
  CHECK_THROWS_AS(ranks.add(sf::Vector<double>::Zero(3), draws), sf::InvalidArgument);
  CHECK_THROWS_WITH(ranks.add(sf::Vector<double>::Zero(2), draws.leftCols(8)),
                    contains("a truth of 2 x 1 and draws of 2 x 9, got 2 x 1 and 2 x 8"));
  CHECK_THROWS_AS(ranks.add(sf::Vector<double>{{0, std::numeric_limits<double>::quiet_NaN()}}, draws), sf::NonFinite);
  CHECK(ranks.observations() == 0);
  CHECK_THROWS_AS(ranks.band(), sf::InvalidArgument);  // of nothing
  CHECK_THROWS_AS(sf::binomial_band(10, 0), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::binomial_band(10, 0.5, 1), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::binomial_band(0, 0.5), contains("binomial_band: expected at least one trial"));
}
