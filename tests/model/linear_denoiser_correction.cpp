#include "scorefield/model/prediction/linear_denoiser_correction.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

template <class Scalar>
using Correction = sf::LinearDenoiserCorrection<Scalar>;

/// In the plane, neither centred nor round.
sf::GaussianMixture<double> one_normal() {
  using M = sf::Matrix<double>;
  return {sf::Vector<double>{{1}}, M{{0.5}, {-1}}, {M{{1, 0.6}, {0.6, 0.8}}}};
}

/// A model whose network puts out zeros.
auto silent(const Correction<double>& prediction) {
  sf::ScoreModel model{sf::VariancePreserving<double>{}, sf::Mlp<double, 2, 8>{}, prediction, sf::Seed{1}};
  model.set_parameters(sf::Vector<double>::Zero(model.parameters().size()));
  return model;
}

}  // namespace

TEST_CASE("a correction of nothing is the score of the normal distribution", "[model]") {
  const auto data = one_normal();
  const Eigen::SelfAdjointEigenSolver<sf::Matrix<double>> solver(data.covariance());
  const auto full = silent({data.mean(), solver.eigenvalues().cwiseSqrt(), solver.eigenvectors()});
  const sf::Matrix<double> variances = data.covariance().diagonal().asDiagonal();
  const sf::GaussianMixture<double> independent{data.weights(), data.means(), {variances}};
  const auto diagonal = silent({data.mean(), variances.diagonal().cwiseSqrt()});
  const auto x = test::normals<double>(2, 50, "x");
  for (const double t : {1e-4, 0.01, 0.1, 0.5, 1.0}) {
    CAPTURE(t);
    const double alpha = full.sde().signal(t), sigma = full.sde().deviation(t);
    const auto expected = data.evolved(alpha, sigma).score(x);
    // Condition: the variances are 0.29 at least and x within 5.
    CHECK((full.score(x, t) - expected).cwiseAbs().maxCoeff() < 1e-13);
    CHECK((diagonal.score(x, t) - independent.evolved(alpha, sigma).score(x)).cwiseAbs().maxCoeff() < 1e-13);
    // The two are not the same, so that each check could fail.
    if (t < 0.2) CHECK((diagonal.score(x, t) - expected).cwiseAbs().maxCoeff() > 0.1);
  }
}

TEST_CASE("the network sees numbers of variance 1 at all times", "[model]") {
  const sf::Index n = 5000;
  const auto x0 = one_normal().sample(n, sf::Seed{1});
  const auto eps = test::normals<double>(2, n, "eps");
  for (const auto covariance : {sf::Covariance::diagonal, sf::Covariance::full}) {
    const auto model = silent(Correction<double>::fit(x0, {.covariance = covariance, .floor = 0}));
    auto w = model.workspace();
    for (const double t : {1e-3, 0.05, 0.3, 1.0}) {
      CAPTURE(t);
      const sf::Matrix<double> x = model.sde().signal(t) * x0 + model.sde().deviation(t) * eps;
      sf::Matrix<double> seen(2, n);
      const sf::Chunks chunks{n, model.chunk_size()};
      sf::NoiseLevels<double> levels(model.chunk_size());
      levels.fill(model.chunk_size(), model.sde(), t);
      for (sf::Index i = 0; i < chunks.pieces(); ++i) {
        const sf::Index first = chunks.first(i), count = chunks.length(i);
        seen.middleCols(first, count) =
            model.prediction().input(levels.around(sf::columns(x, first, count)), w.prediction).x;
      }
      // Five deviations of a mean, and of a mean square, over n draws; the fit takes part of the error away.
      const double bound = 5 * std::sqrt(2.0 / static_cast<double>(n));
      CHECK(seen.rowwise().mean().cwiseAbs().maxCoeff() < bound);
      CHECK(((seen.rowwise().squaredNorm() / static_cast<double>(n)).array() - 1).abs().maxCoeff() < bound);
      const double correlation = seen.row(0).dot(seen.row(1)) / static_cast<double>(n);
      if (covariance == sf::Covariance::full) CHECK(std::abs(correlation) < bound);
      if (covariance == sf::Covariance::diagonal && t < 0.1) CHECK(correlation > 0.5);
    }
  }
}

TEMPLATE_TEST_CASE("a fit has the data's moments, and a floor under its variances", "[model]", float, double) {
  // Two coordinates vary, and one does not.
  const sf::Matrix<TestType> x{{1, 3, 1, 3}, {0, 0, 4, 4}, {7, 7, 7, 7}};
  const auto near = [](double value) { return Catch::Approx(value).epsilon(test::Tolerance<TestType>::formula); };
  const auto diagonal = Correction<TestType>::fit(x, {.floor = 0.1}).constants();
  REQUIRE(diagonal.size() == 6);
  CHECK(diagonal.head(3) == sf::Vector<TestType>{{2, 2, 7}});
  CHECK(diagonal(3) == near(std::sqrt(1.01)));
  CHECK(diagonal(4) == near(std::sqrt(4.01)));
  CHECK(diagonal(5) == near(0.1));
  CHECK(Correction<TestType>::fit(x).constants()(5) == near(0.02));  // the usual floor

  const auto full = Correction<TestType>::fit(x, {.covariance = sf::Covariance::full, .floor = 0.1});
  const auto layout = full.layout();
  REQUIRE(layout.pieces().size() == 3);
  CHECK(layout.pieces()[0].name == "mean");
  CHECK(layout.pieces()[1].name == "deviation");
  CHECK(layout.pieces()[2].name == "rotation");
  CHECK(layout.size() == full.constants().size());
  const sf::Vector<TestType> s = full.constants().segment(3, 3);
  const sf::Matrix<TestType> u = full.constants().tail(9).reshaped(3, 3);
  sf::Matrix<TestType> expected = sf::Matrix<TestType>::Zero(3, 3);
  expected.diagonal() << TestType(1.01), TestType(4.01), TestType(0.01);
  CHECK((u * s.cwiseAbs2().asDiagonal() * u.transpose())
            .isApprox(expected, static_cast<TestType>(4 * test::Tolerance<TestType>::formula)));
}

TEST_CASE("the constants of a correction belong to the model", "[model]") {
  const auto data = one_normal().sample(100, sf::Seed{1});
  const auto fitted = silent(Correction<double>::fit(data, {.covariance = sf::Covariance::full}));
  auto other =
      silent(Correction<double>::fit(test::normals<double>(2, 10, "other data"), {.covariance = sf::Covariance::full}));
  CHECK(other.score(data, 0.1) != fitted.score(data, 0.1));
  other.set_constants(fitted.prediction().constants());
  CHECK(other.score(data, 0.1) == fitted.score(data, 0.1));
}

TEST_CASE("a correction refuses what is none, and stays as it was", "[model]") {
  using V = sf::Vector<float>;
  using M = sf::Matrix<float>;
  const V mean = V::Zero(2), deviation = V::Ones(2);
  Correction<float> correction{mean, deviation};
  const V before = correction.constants();
  CHECK_THROWS_AS(correction.set_constants(V::Ones(3)), sf::InvalidArgument);
  CHECK_THROWS_WITH(correction.set_constants(V::Ones(3)),
                    contains("LinearDenoiserCorrection::set_constants: expected 4 constants, got 3; take them from"));
  CHECK_THROWS_AS(correction.set_constants(V{{0, 0, 1, -1}}), sf::InvalidArgument);
  CHECK_THROWS_WITH(correction.set_constants(V{{0, 0, 1, -1}}), contains("expected deviations from 0 on, got a neg"));
  const V bad{{0, std::numeric_limits<float>::quiet_NaN(), 1, 1}};
  CHECK_THROWS_AS(correction.set_constants(bad), sf::NonFinite);
  CHECK_THROWS_WITH(correction.set_constants(bad), contains("expected finite constants, got a NaN or an infinity;"));
  CHECK(correction.constants() == before);

  CHECK_THROWS_AS(Correction<float>(mean, V::Ones(3)), sf::InvalidArgument);
  CHECK_THROWS_WITH(Correction<float>(mean, V::Ones(3)),
                    contains("a rotation of as many rows and columns, got 3 deviations and a rotation of 2 x 0"));
  CHECK_THROWS_AS(Correction<float>(mean, deviation, M::Identity(2, 3)), sf::InvalidArgument);
  CHECK_THROWS_AS(Correction<float>(mean, deviation, M::Identity(3, 2)), sf::InvalidArgument);
  CHECK_THROWS_AS(Correction<float>(mean, deviation, 1.001f * M::Identity(2, 2)), sf::InvalidArgument);
  CHECK_THROWS_WITH(Correction<float>(mean, deviation, M::Ones(2, 2)),
                    contains("expected an orthogonal rotation, got a matrix that is not; its columns are"));
  CHECK_NOTHROW(Correction<float>(mean, deviation, M{{0, 1}, {-1, 0}}));

  for (const double floor : {-0.1, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(Correction<float>::fit(M::Ones(2, 3), {.floor = floor}), sf::InvalidArgument);
  CHECK_THROWS_WITH(Correction<float>::fit(M::Ones(2, 3), {.floor = -0.1}),
                    contains("LinearDenoiserCorrection::fit: expected a finite floor from 0 on, got -0.1; it is a"));

  CHECK_THROWS_AS(Correction<float>::fit(M::Ones(20'001, 1), {.covariance = sf::Covariance::full}),
                  sf::InvalidArgument);

  const auto model = [&](sf::Index dimension) {
    return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float>(dimension, {4}), correction,
                          sf::Seed{0}};
  };
  CHECK_NOTHROW(model(2));
  CHECK_THROWS_AS(model(3), sf::InvalidArgument);
  CHECK_THROWS_WITH(model(3), contains("LinearDenoiserCorrection: expected samples of 2 numbers, as it was fitted to, "
                                       "got a network for 3; fit it to"));
}
