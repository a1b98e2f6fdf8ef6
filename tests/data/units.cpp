#include "scorefield/data/units.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/sde/condition.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

/// Rows of all kinds: far from 0, tiny, constant, positive, in (-2, 5), with heavy tails, and a few whole numbers.
template <class Scalar>
sf::Matrix<Scalar> table(sf::Index n) {
  sf::Matrix<Scalar> z(7, n);
  sf::Random(sf::Seed{3}, "table").normal(sf::view(z), 0, 0);
  sf::Matrix<Scalar> u = z;
  u.row(0) = 569 * z.row(0).array() + 16'230;
  u.row(1) = Scalar(0.0026) * z.row(1);
  u.row(2).setConstant(Scalar(0.1));
  u.row(3) = (2 * z.row(3).array() - 7).exp();
  u.row(4) = 7 / (1 + (-z.row(4).array()).exp()) - 2;
  u.row(5) = z.row(5).array().cube() * 100;
  u.row(6) = (3 * z.row(6).array()).round();
  return u;
}

sf::UnitsOptions kinds() {
  using sf::Row;
  return {.rows = {Row::any(), Row::any(), Row::constant(), Row::positive(), Row::bounded(-2, 5), Row::ranked(),
                   Row::ranked()}};
}

template <class Scalar>
auto fit(const sf::Matrix<Scalar>& samples, const sf::UnitsOptions& options = kinds()) {
  return sf::Units<Scalar>::fit(sf::Dataset<Scalar>(samples), options);
}

}  // namespace

TEMPLATE_TEST_CASE("units bring every row to mean 0 and deviation 1", "[data]", float, double) {
  const auto u = table<TestType>(4000);
  const auto z = fit(u).to_model(u).template cast<double>().eval();
  for (const sf::Index i : {0, 1, 3, 4, 5, 6}) {
    const double mean = z.row(i).mean();
    // What rounding the data to TestType leaves: 16,230 in float is known to 1e-3, of 569.
    CHECK(std::abs(mean) < 1e-5);
    CHECK(std::abs((z.row(i).array() - mean).square().mean() - 1) < 1e-5);
  }
  CHECK(z.row(2).isZero(0));
}

TEMPLATE_TEST_CASE("units lead back to the data, and constants exactly", "[data]", float, double) {
  const auto u = table<TestType>(1000);
  const auto units = fit(u);
  const auto back = units.to_data(units.to_model(u));
  const auto eps = std::numeric_limits<TestType>::epsilon();
  CHECK(back.row(2) == u.row(2));
  // z is rounded to half an eps of itself, up to 5 here, and so is u of itself. Where a map is steep, as a ranked row's
  // in its tails and a logarithm's, that counts by its slope.
  for (const sf::Index i : {0, 1, 3, 4, 5, 6}) {
    const TestType scale = u.row(i).cwiseAbs().maxCoeff();
    CHECK((back.row(i) - u.row(i)).cwiseAbs().maxCoeff() < 32 * eps * scale);
  }
}

TEST_CASE("samples never leave what a row can be", "[data]") {
  const auto u = table<float>(500);
  const auto units = fit(u);
  sf::Matrix<float> z(7, 4);
  z.row(0) << -3, 3, 0, 1;
  for (const sf::Index i : {1, 2, 3, 4, 5, 6}) z.row(i) << -60, 60, -20, 20;
  z(3, 1) = 20;  // a float does not hold the exponential of 113
  const auto samples = units.to_data(z);
  CHECK((samples.row(2).array() == 0.1f).all());
  CHECK((samples.row(3).array() > 0).all());
  CHECK((samples.row(4).array() > -2 && samples.row(4).array() < 5).all());
  CHECK(samples.allFinite());
  CHECK_NOTHROW(units.to_model(samples));  // what is drawn may be passed again
}

TEST_CASE("the derivative of units is that of differences", "[data]") {
  const auto u = table<double>(300);
  const auto units = fit(u);
  // Between neighbouring numbers of the data, where a ranked row is straight.
  sf::Matrix<double> at(7, 250), step(7, 250);
  for (sf::Index i = 0; i < 7; ++i) {
    std::vector<double> sorted(static_cast<std::size_t>(u.cols()));
    sf::Vector<double>::Map(sorted.data(), u.cols()) = u.row(i).transpose();
    std::sort(sorted.begin(), sorted.end());
    for (sf::Index j = 0; j < at.cols(); ++j) {
      const auto k = static_cast<std::size_t>(j);
      at(i, j) = i == 2 ? 0.1 : i == 6 ? std::floor(sorted[k]) + 0.5 : (sorted[k] + sorted[k + 1]) / 2;
      step(i, j) = i == 2 ? 0 : i == 6 ? 0.1 : (sorted[k + 1] - sorted[k]) / 100;
    }
  }
  const sf::Matrix<double> rise = units.to_model(at + step) - units.to_model(at - step);
  sf::Vector<double> expected = sf::Vector<double>::Zero(at.cols());
  for (const sf::Index i : {0, 1, 3, 4, 5, 6})
    expected += (rise.row(i).array() / (2 * step.row(i).array())).log().matrix().transpose();
  // Gaps in the tails are up to half of the distance to a bound, of which a step is a hundredth; its square counts.
  CHECK((units.log_derivative(at) - expected).cwiseAbs().maxCoeff() < 1e-4);
}

TEST_CASE("the density of a map is known where the data's is: the normal, the log-normal and the logit-normal",
          "[data]") {
  sf::Matrix<double> z(3, 20'000);
  sf::Random(sf::Seed{4}, "density").normal(sf::view(z), 0, 0);
  sf::Matrix<double> u(3, z.cols());
  u.row(0) = 3 * z.row(0).array() + 2;
  u.row(1) = (0.5 * z.row(1).array() + 1).exp();
  u.row(2) = 1 / (1 + (-z.row(2).array()).exp());
  const auto units = fit(u, {.rows = {sf::Row::any(), sf::Row::positive(), sf::Row::bounded(0, 1)}});
  const auto model = units.to_model(u);
  const auto derivative = units.log_derivative(u);
  const auto normal = [](double x) { return -0.5 * (x * x + std::log(2 * std::numbers::pi)); };
  for (const sf::Index j : {0, 1, 2, 3, 4}) {
    const double told = normal(model(0, j)) + normal(model(1, j)) + normal(model(2, j)) + derivative(j);
    const double exact = normal(z(0, j)) - std::log(3.0) + normal(z(1, j)) - std::log(0.5 * u(1, j)) + normal(z(2, j)) -
                         std::log(u(2, j) * (1 - u(2, j)));
    // Means and deviations of 20,000 numbers are off by 0.007 at most times three, and a density in each of the rows by
    // that times z and z squared, up to 3.
    CHECK(std::abs(told - exact) < 0.2);
  }
}

TEST_CASE("the score in the data's units is the gradient of the density there", "[data]") {
  sf::Matrix<double> u{{1.5, -2, 4}, {0.2, 3, 1}, {0.3, 0.9, 0.5}, {7, 7, 7}};
  const auto units = fit(u, {.rows = {sf::Row::any(), sf::Row::positive(), sf::Row::bounded(0, 1), sf::Row::any()}});
  const auto log_density = [&](const sf::Matrix<double>& x) -> sf::Vector<double> {
    return -0.5 * units.to_model(x).colwise().squaredNorm().transpose() + units.log_derivative(x);
  };
  const sf::Matrix<double> score = units.score_to_data(u, -units.to_model(u));
  for (sf::Index i = 0; i < 3; ++i) {
    auto up = u, down = u;
    const double h = 1e-5;
    up.row(i).array() += h;
    down.row(i).array() -= h;
    const sf::Vector<double> difference = (log_density(up) - log_density(down)) / (2 * h);
    CHECK((difference - score.row(i).transpose()).cwiseAbs().maxCoeff() <
          1e-6 * (1 + score.row(i).cwiseAbs().maxCoeff()));
  }
  CHECK(score.row(3).isZero(0));
}

TEST_CASE("a ranked row is normal whatever it was, and its ties have the middle of their ranks", "[data]") {
  // 1 three times, then 2, then 1000; 16 times as many, of which 8 different ones would be kept.
  const sf::Matrix<double> u = sf::Matrix<double>{{1, 1000, 1, 2, 1}}.replicate(1, 16);
  const auto units = fit(u, {.rows = {sf::Row::ranked()}});
  const auto z = units.to_model(u);
  // Ranks 0.3, 0.7 and 0.9 have the normal quantiles -0.524401, 0.524401 and 1.281552.
  CHECK((z(0, 3) - z(0, 0)) / (z(0, 1) - z(0, 3)) ==
        Catch::Approx(2 * 0.5244005127 / (1.2815515655 - 0.5244005127)).epsilon(1e-9));
  CHECK(z(0, 0) == z(0, 2));
  const sf::Matrix<double> beyond{{2000, 500, -10}};
  const auto of_beyond = units.to_model(beyond);
  CHECK(of_beyond(0, 0) > z(0, 1));
  CHECK((of_beyond(0, 1) > z(0, 3) && of_beyond(0, 1) < z(0, 1)));
  CHECK(of_beyond(0, 2) < z(0, 0));
  CHECK((units.to_data(of_beyond) - beyond).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("the density that a ranked row gives does not follow single numbers", "[data]") {
  sf::Matrix<double> u(1, 320), others(1, 4000);
  sf::Random(sf::Seed{1}, "ranked").normal(sf::view(u), 0, 0);
  sf::Random(sf::Seed{2}, "others").normal(sf::view(others), 0, 0);
  // z of normal numbers is about u. Distances of neighbours would make it -0.58, Euler's constant, and of 18th ones
  // about -1 / 36; by 2,000 other draws of 320 its deviation is 0.04, of which 0.2 is five.
  const double mean = fit(u, {.rows = {sf::Row::ranked()}}).log_derivative(others).mean();
  CHECK(std::abs(mean + 1.0 / 36) < 0.2);
}

TEST_CASE("channels share units, and rows have their own otherwise", "[data]") {
  sf::Matrix<double> u(4, 2);  // two pixels of two channels
  u << 0, 2, 100, 300, 4, 6, 500, 700;
  const auto shared = fit(u, {.channels = 2}).to_model(u);
  CHECK(shared.row(0).mean() + shared.row(2).mean() == Catch::Approx(0).margin(1e-12));
  CHECK(shared(0, 0) == Catch::Approx(-3 / std::sqrt(5.0)));
  CHECK(shared(3, 1) == Catch::Approx(300 / std::sqrt(50'000.0)));
  CHECK(fit(u, {}).to_model(u).rowwise().mean().isZero(1e-12));
  CHECK_THROWS_WITH(fit(u, {.channels = 3}), contains("channels that divide the 4 rows of the data, got 3"));
  CHECK_THROWS_AS(fit(u, {.channels = -2}), sf::InvalidArgument);
}

TEST_CASE("conditions have units, and what is not given stays so", "[data]") {
  sf::Matrix<double> c{{10, 20, 30, 0}, {5, 5, 5, 0}};
  c.col(3) = sf::not_given<double>(2).col(0);
  const sf::Dataset<double> data(sf::Matrix<double>::Random(1, 4), c);
  const auto units = sf::Units<double>::fit(data);
  const auto z = units.conditions_to_model(c);
  CHECK(z.row(0).head(3).mean() == Catch::Approx(0).margin(1e-12));
  CHECK(z(0, 2) == Catch::Approx(std::sqrt(1.5)));
  CHECK(z.row(1).head(3).isZero(0));
  CHECK(z.col(3).array().isNaN().all());
  CHECK(units.to_model(data).conditions().leftCols(3) == z.leftCols(3));
  CHECK_THROWS_WITH(units.conditions_to_model(sf::Matrix<double>{{10}, {6}}),
                    contains("expected the constant 5 in row 1 of conditions, got 6 in column 0"));
  CHECK_THROWS_WITH(units.conditions_to_model(sf::Matrix<double>{{10}}), contains("conditions of 2 rows"));
}

TEST_CASE("a row that is not what it is declared to be is refused with row and sample", "[data]") {
  const sf::Matrix<double> u{{1, 2, 3}, {4, 4, 4}};
  using sf::Row;
  CHECK_THROWS_WITH(fit(u, {.rows = {Row::constant(), Row::any()}}),
                    contains("one number in row 0 of samples, got 2 in column 1"));
  CHECK_THROWS_WITH(fit(u, {.rows = {Row::bounded(1, 4), Row::any()}}),
                    contains("numbers above 1 and below 4 in row 0 of samples, got 1 in column 0"));
  CHECK_THROWS_WITH(fit(u, {.rows = {Row::any(), Row::bounded(0, 4)}}),
                    contains("got 4 in column 0; take wider bounds"));
  CHECK_THROWS_WITH(fit<double>(-u, {.rows = {Row::positive(), Row::any()}}), contains("numbers above 0 in row 0"));
  CHECK_THROWS_WITH(fit(u, {.rows = {Row::bounded(4, 0), Row::any()}}), contains("finite bounds, the lower one first"));
  CHECK_THROWS_WITH(fit(u, {.rows = {Row::bounded(0, INFINITY), Row::any()}}), contains("finite bounds"));
  CHECK_THROWS_WITH(fit(u, {.rows = {Row::any()}}),
                    contains("a declaration for each of 2 rows of samples, or none, got 1"));
  CHECK_THROWS_WITH(fit(u, {.conditions = {Row::any()}}),
                    contains("no rows of conditions, for the data have none, got 1"));
  const auto units = fit(u, {.rows = {Row::bounded(0, 4), Row::any()}});
  CHECK_THROWS_WITH(units.to_model(sf::Matrix<double>{{5}, {4}}),
                    contains("below 4 in row 0 of samples, got 5 in column 0"));
  CHECK_THROWS_WITH(units.to_model(sf::Matrix<double>{{1}, {3}}), contains("the constant 4 in row 1"));
  CHECK_THROWS_WITH(units.to_data(sf::Matrix<double>{{1}}), contains("samples of 2 rows, as in the data"));
}

TEST_CASE("numbers far from 0 keep their deviation", "[data]") {
  const sf::Matrix<double> u = (sf::Matrix<double>::Random(1, 1000).array() + 1e9).matrix();
  const auto z = fit(u, {}).to_model(u);
  CHECK(z.squaredNorm() / 1000 == Catch::Approx(1).epsilon(1e-5));
}

TEST_CASE("units come back from their numbers, and nothing else does", "[data]") {
  const auto u = table<double>(600);
  const sf::Matrix<double> c = sf::Matrix<double>::Random(2, 600).array() + 3;
  const auto units = sf::Units<double>::fit(sf::Dataset<double>(u, c), kinds());
  const auto state = units.state();
  const auto back = sf::Units<double>::from_state(state);
  CHECK(back.to_model(u) == units.to_model(u));
  CHECK(back.conditions_to_model(c) == units.conditions_to_model(c));
  CHECK(back.state() == state);
  CHECK(back.description() == units.description());
  CHECK_THAT(back.description(), contains("samples 4: bounded -2 to 5, mean "));
  CHECK_THAT(back.description(), contains("samples 2: constant 0.1\n"));
  CHECK_THAT(back.description(), contains("conditions 1: any, mean "));

  const sf::Units<double> none;
  CHECK(none.to_model(u) == u);
  CHECK(none.to_data(u) == u);
  CHECK(none.log_derivative(u).isZero(0));
  CHECK(sf::Units<double>::from_state(none.state()).dimension() == 0);

  for (sf::Index cut = 0; cut < std::min<sf::Index>(60, state.size()); ++cut)
    CHECK_THROWS_AS(sf::Units<double>::from_state(state.head(cut)), sf::InvalidArgument);
  // A dimension that is no multiple, a kind that is none, a negative deviation, a number too many.
  const auto with = [&](sf::Index at, double value) {
    auto other = state;
    other(at) = value;
    return other;
  };
  for (const auto& [at, value] : std::vector<std::pair<sf::Index, double>>{
           {0, 8}, {0, 0}, {0, -7}, {0, 6.5}, {1, 1e15}, {3, 5}, {3, -1}, {7, -1}, {7, NAN}, {8, 3}})
    CHECK_THROWS_AS(sf::Units<double>::from_state(with(at, value)), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::Units<double>::from_state((sf::Vector<double>(state.size() + 1) << state, 0).finished()),
                  sf::InvalidArgument);
}
