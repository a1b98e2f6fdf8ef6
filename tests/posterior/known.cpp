#include "scorefield/posterior/known.hpp"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "scorefield/data/units.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/posterior.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "posterior/mixture_model.hpp"
#include "sampler/every_method.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

/// A mixture whose users have units of their own.
class MixtureInUnits : public test::MixtureModel<double> {
 public:
  MixtureInUnits(sf::GaussianMixture<double> own, sf::Units<double> units)
      : test::MixtureModel<double>(std::move(own)), units_(std::move(units)) {}
  const sf::Units<double>& units() const { return units_; }

 private:
  sf::Units<double> units_;
};

/// Five rows of scales from 1e-2 to 1e2, around means of some deviations.
sf::Matrix<double> scaled_data() {
  sf::Matrix<double> data = test::normal_numbers<double>(5, 200, "scaled");
  for (sf::Index i = 0; i < 5; ++i)
    data.row(i) = (data.row(i).array() + 3 * static_cast<double>(i)) * std::pow(10.0, static_cast<double>(i - 2));
  return data;
}

/// An untrained network on samples of four numbers that is given two.
auto network_model() {
  return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float>(4, {16, 16}, {.condition = 2}),
                        sf::Seed{3}};
}

sf::LinearMeasurement<float> blurred() {
  return {sf::convolution_operator<float>({1, 4, 1}, sf::Matrix<float>{{0.25f, 0.5f, 0.25f}}),
          sf::Vector<float>{{1, 0, -1, 0.5f}}, 0.1};
}

}  // namespace

TEST_CASE("known numbers come back to the last bit by every method that ends with the denoised sample", "[posterior]") {
  const test::MixtureModel model{test::some_mixture(4, 2)};
  const sf::Vector<double> values{{1.0 / 3, -0.7}};
  const sf::MomentMatching matched{model, {sf::selection_operator<double>(4, {3, 1}), values, 0.0}};
  const sf::Known alone{model, {3, 1}, values};
  const sf::Known given{matched, {3, 1}, values};
  const auto check = [&](const auto& method) {
    for (const auto& draws : {sf::sample(alone, method, 5, sf::Seed{1}), sf::sample(given, method, 5, sf::Seed{1})}) {
      CHECK((draws.row(3).array() == values(0)).all());
      CHECK((draws.row(1).array() == values(1)).all());
      CHECK(draws(0, 0) != draws(0, 1));
    }
  };
  test::for_each_flow_method(4, 1e-3, check);
  test::for_each_noisy_method(4, 1e-3, check);
  check(sf::PredictorCorrector{.steps = 4});
  check(sf::DormandPrince{});
  check(sf::AnnealedLangevin{.steps = 4});
}

TEST_CASE("known numbers take the others with them: moment matching is exact there, replacement is not",
          "[posterior]") {
  // Two numbers of correlation 0.9, the first of which is 1: the second is N(0.9, 0.19).
  const sf::GaussianMixture<double> prior{
      sf::Vector<double>{{1}}, sf::Matrix<double>::Zero(2, 1), {sf::Matrix<double>{{1, 0.9}, {0.9, 1}}}};
  const test::MixtureModel model{prior};
  const sf::Vector<double> one{{1}};
  const sf::MomentMatching matched{model, {sf::selection_operator<double>(2, {0}), one, 0.0}, {.derivative_error = 0}};
  const sf::Known known{matched, {0}, one};
  const sf::Index n = 2000;
  const auto x = sf::sample(known, sf::DpmSolverPlusPlus{.steps = 30}, n, sf::Seed{1});
  const double mean = x.row(1).mean(), variance = (x.row(1).array() - mean).square().mean();
  // Four deviations of the mean and of the variance, which the sampler's error of 30 steps is smaller than.
  CHECK(std::abs(mean - 0.9) < 4 * std::sqrt(0.19 / n));
  CHECK(std::abs(variance - 0.19) < 4 * 0.19 * std::sqrt(2.0 / n));
}

TEST_CASE("measurements and known numbers are in the data's units", "[posterior]") {
  const auto data = scaled_data();
  const auto units = sf::Units<double>::fit(data);
  const MixtureInUnits model{test::some_mixture(5, 1), units};
  const sf::Matrix<double> a = test::normal_numbers<double>(2, 5, "of units");
  const sf::Vector<double> y = a * data.col(0);
  // u = shift + scale z is measured by A scale, less A shift.
  const sf::Vector<double> shift = units.to_data(sf::Matrix<double>::Zero(5, 1)),
                           scale = sf::Vector<double>(units.to_data(sf::Matrix<double>::Ones(5, 1))) - shift;
  const test::MixtureModel expected{test::posterior_of(model.data(), a * scale.asDiagonal(), y - a * shift, 0.3)};
  const sf::LinearMeasurement<double> measurement{sf::matrix_operator(a), y, 0.3};
  const sf::MomentMatching matched{model, measurement, {.iterations = 20, .derivative_error = 0}};
  const sf::DpmSolverPlusPlus sampler{.steps = 10};
  const auto draws = sf::sample(matched, sampler, 6, sf::Seed{1});
  const sf::Matrix<double> truth = units.to_data(sf::sample(expected, sampler, 6, sf::Seed{1}));
  // Roundings, of numbers of 1e3, by a system whose condition is the square of the scales' 1e4.
  for (sf::Index i = 0; i < 5; ++i) CHECK((draws.row(i) - truth.row(i)).cwiseAbs().maxCoeff() < 1e-6 * scale(i));

  for (const auto& rows : {std::vector<sf::Row>{}, std::vector<sf::Row>(5, sf::Row::ranked())}) {
    const sf::Matrix<double> positive = data.array().abs() + 1e-3;
    const MixtureInUnits any{test::some_mixture(5, 2), sf::Units<double>::fit(positive, {.rows = rows})};
    for (sf::Index j = 0; j < 20; ++j) {
      const sf::Vector<double> values{{positive(0, j) * 1.01, positive(4, j) * 0.99}};
      const auto x = sf::sample(sf::Known{std::as_const(any), {0, 4}, values}, sampler, 2, sf::Seed{1});
      CHECK((x.row(0).array() == values(0)).all());
      CHECK((x.row(4).array() == values(1)).all());
      CHECK(x(1, 0) != x(1, 1));
    }
  }
}

TEST_CASE("what is constant in the data stays so given a measurement", "[posterior]") {
  auto data = scaled_data();
  data.row(2).setConstant(0.1);
  const MixtureInUnits model{test::some_mixture(5, 2), sf::Units<double>::fit(data)};
  const sf::Matrix<double> a = test::normal_numbers<double>(2, 5, "of constants");
  const sf::MomentMatching matched{model, {sf::matrix_operator(a), sf::Vector<double>(a * data.col(0)), 0.1}};
  const auto x = sf::sample(matched, sf::DpmSolverPlusPlus{.steps = 5}, 4, sf::Seed{1});
  CHECK((x.row(2).array() == 0.1).all());
  CHECK(x.allFinite());
}

TEST_CASE("posterior draws have the same bits on any threads and in any batch, given a condition", "[posterior]") {
  const auto model = network_model();
  const sf::Matrix<float> condition{{0.5f}, {-1.0f}};
  const auto check = [&](const auto& wrapper) {
    const sf::Ddim sampler{.steps = 4, .eta = 1};
    const auto draw = [&](sf::Index n, sf::SampleOptions options) {
      options.condition = condition;
      return sf::sample(wrapper, sampler, n, sf::Seed{5}, options);
    };
    const auto all = draw(150, {.threads = 1});
    CHECK(draw(150, {.threads = 3}) == all);
    CHECK(draw(70, {.first = 41}) == all.middleCols(41, 70));
    CHECK(draw(1, {.first = 149}) == all.rightCols(1));
    CHECK(all != sf::sample(wrapper, sampler, 150, sf::Seed{5}, {.condition = sf::not_given<float>(2)}));
  };
  const sf::MomentMatching matched{model, blurred()};
  check(matched);
  check(sf::PiGdm{model, blurred()});
  check(sf::Dps{model, blurred()});
  check(sf::Known{matched, {1}, sf::Vector<float>{{0.3f}}});
}

TEST_CASE("steps to a posterior allocate nothing after the first", "[posterior]") {
  const auto model = network_model();
  const auto check = [&](const auto& wrapper) {
    auto stepper = sf::start(wrapper, sf::DpmSolverPlusPlus{.steps = 4}, 70, sf::Seed{1},
                             {.threads = 1, .condition = sf::not_given<float>(2)});
    stepper.step();
    CHECK(test::count_allocations([&] {
            while (!stepper.done()) stepper.step();
          }) == 0);
  };
  const sf::MomentMatching matched{model, blurred()};
  check(matched);
  check(sf::PiGdm{model, {sf::matrix_operator(sf::Matrix<float>::Ones(2, 4).eval()), sf::Vector<float>{{1, 1}}, 0.1}});
  check(sf::Dps{model, {sf::selection_operator<float>(4, {2}), sf::Vector<float>{{1}}, 0.1}});
  check(sf::LikelihoodGuided{model, [](sf::ConstMatrixView<float> x0, sf::MatrixView<float> out) { out = -x0; }});
  check(sf::Known{matched, {1}, sf::Vector<float>{{0.3f}}});
}

TEST_CASE("posteriors refuse what they cannot work with", "[posterior]") {
  const test::MixtureModel model{test::some_mixture(4, 1)};
  const sf::LinearMeasurement<double> good{sf::selection_operator<double>(4, {1}), sf::Vector<double>{{1}}, 0.1},
      large{sf::selection_operator<double>(5, {1}), sf::Vector<double>{{1}}, 0.1};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  using Model = test::MixtureModel<double>;
  CHECK_THROWS_WITH(
      sf::MomentMatching<Model>(model, large),
      contains("MomentMatching: expected a measurement of samples of 4 numbers, as the model has, got one "
               "of 5"));
  CHECK_THROWS_WITH(sf::PiGdm<Model>(model, large), contains("PiGdm"));
  CHECK_THROWS_WITH(sf::Dps<Model>(model, large), contains("Dps"));
  CHECK_THROWS_WITH(sf::MomentMatching<Model>(model, good, {.iterations = 0}),
                    contains("one iteration or more, got 0"));
  CHECK_THROWS_WITH(sf::PiGdm<Model>(model, good, {.iterations = -1}), contains("got -1"));
  CHECK_THROWS_WITH(sf::Dps<Model>(model, good, {.zeta = nan}), contains("a finite zeta >= 0, got nan"));
  CHECK_THROWS_WITH(sf::Dps<Model>(model, good, {.derivative_error = -1}), contains("derivative_error >= 0, got -1"));
  CHECK_THROWS_WITH(sf::Known<Model>(model, {4}, sf::Vector<double>{{1}}),
                    contains("different rows from 0 to 3, got 4"));
  CHECK_THROWS_WITH(sf::Known<Model>(model, {1, 1}, sf::Vector<double>{{1, 1}}), contains("got 1"));
  CHECK_THROWS_WITH(sf::Known<Model>(model, {1}, sf::Vector<double>{{1, 1}}), contains("a value for each of 1 rows"));
  CHECK_THROWS_AS(sf::Known<Model>(model, {1}, sf::Vector<double>{{nan}}), sf::NonFinite);

  const sf::Matrix<double> data = scaled_data().topRows(4).array().abs() + 1e-3;
  for (const auto& row : {sf::Row::ranked(), sf::Row::positive(), sf::Row::bounded(0, 1e3)}) {
    const MixtureInUnits bent{
        test::some_mixture(4, 1),
        sf::Units<double>::fit(data, {.rows = {sf::Row::any(), sf::Row::any(), row, sf::Row::any()}})};
    CHECK_THROWS_WITH(sf::MomentMatching<MixtureInUnits>(bent, good),
                      contains("MomentMatching: expected units that are a straight map of each row"));
    CHECK_THROWS_WITH(sf::Dps<MixtureInUnits>(bent, good), contains("others in row 2"));
  }
}
