#include "scorefield/model/empirical_denoiser.hpp"

#include <cmath>
#include <limits>

#include "scorefield/core/random.hpp"
#include "scorefield/data/toy/two_moons.hpp"
#include "scorefield/model/concept.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using test::contains;

namespace {

/// Noise is added to data that stay, up to sigma = 1, or, with `signal` 0, data give way to it: alpha = 1 - t.
struct StraightNoise {
  using Scalar = double;
  double last_signal = 0;
  double drift(double t) const { return (last_signal - 1) / signal(t); }
  double diffusion(double t) const { return std::sqrt(2 * t * (1 - drift(t) * t)); }
  double signal(double t) const { return 1 + (last_signal - 1) * t; }
  double deviation(double t) const { return t; }
};

template <class Scalar>
using Empirical = sf::EmpiricalDenoiser<sf::VariancePreserving<Scalar>>;

/// Noisy samples at levels that need not be an equation's.
template <class Scalar>
struct LeveledSamples {
  sf::Matrix<Scalar> x;
  sf::Vector<Scalar> t, alpha, sigma;

  LeveledSamples(sf::Matrix<Scalar> samples, double signal, double deviation)
      : x(std::move(samples)),
        t(sf::Vector<Scalar>::Constant(x.cols(), Scalar(0.5))),
        alpha(sf::Vector<Scalar>::Constant(x.cols(), static_cast<Scalar>(signal))),
        sigma(sf::Vector<Scalar>::Constant(x.cols(), static_cast<Scalar>(deviation))) {}

  sf::NoisyBatch<Scalar> batch() const {
    return {sf::view(x), sf::view(t), sf::view(alpha), sf::view(sigma), {nullptr, 0, x.cols()}};
  }
};

template <class Model>
auto denoised_by(const Model& model, const LeveledSamples<typename Model::Scalar>& samples) {
  auto w = model.workspace();
  sf::Matrix<typename Model::Scalar> out(samples.x.rows(), samples.x.cols());
  model.denoise(samples.batch(), sf::view(out), w);
  return out;
}

/// The definition, from differences, in double.
sf::Vector<double> denoised_by_a_loop(const sf::Matrix<double>& points, const sf::Vector<double>& x, double alpha,
                                      double sigma) {
  sf::Vector<double> exponents(points.cols());
  for (sf::Index i = 0; i < points.cols(); ++i)
    exponents(i) = -(x - alpha * points.col(i)).squaredNorm() / (2 * sigma * sigma);
  const sf::Vector<double> weights = (exponents.array() - exponents.maxCoeff()).exp();
  return points * weights / weights.sum();
}

}  // namespace

static_assert(sf::DifferentiableDenoiser<Empirical<float>> && sf::DifferentiableDenoiser<Empirical<double>>);
static_assert(!sf::TrainableModel<Empirical<float>>);  // there is nothing to learn

TEMPLATE_TEST_CASE("the empirical denoiser is the mean of points by their weights", "[model]", float, double) {
  for (const sf::Index d : {1, 2, 37})
    for (const sf::Index n : {1, 100, 256, 700}) {
      sf::Matrix<TestType> points = test::normals<TestType>(d, n, "points");
      points.array() += TestType(3);
      const Empirical<TestType> model(sf::VariancePreserving<TestType>{}, points);
      for (const auto& [alpha, sigma] : {std::pair{0.3, 0.9}, std::pair{0.99, 0.1}, std::pair{0.0, 1.0}}) {
        const LeveledSamples<TestType> samples(test::normals<TestType>(d, 9, "noisy"), alpha, sigma);
        const auto out = denoised_by(model, samples);
        CAPTURE(d, n, alpha, sigma);
        for (sf::Index j = 0; j < 9; ++j) {
          const sf::Vector<double> expected =
              denoised_by_a_loop(points.template cast<double>(), samples.x.col(j).template cast<double>(),
                                 static_cast<double>(samples.alpha(j)), static_cast<double>(samples.sigma(j)));
          // Exponents of up to 37 * 16 / (2 * 0.01) are rounded, in double, to 1e-11; the result to TestType.
          REQUIRE((out.col(j).template cast<double>() - expected).cwiseAbs().maxCoeff() <
                  4 * test::Tolerance<TestType>::epsilon + 1e-10);
        }
      }
    }
}

TEST_CASE("the empirical denoiser of two points is a hyperbolic tangent", "[model]") {
  const Empirical<double> model(sf::VariancePreserving<double>{}, sf::Matrix<double>{{-1, 1}});
  const double alpha = 0.8, sigma = 0.6;
  const LeveledSamples<double> samples(sf::Matrix<double>{{-2, -0.3, 0, 0.1, 0.7, 50}}, alpha, sigma);
  const auto out = denoised_by(model, samples);
  auto w = model.workspace();
  sf::Matrix<double> score(1, 6);
  // Whatever the workspace was used for before.
  model.denoise(LeveledSamples<double>(sf::Matrix<double>::Zero(1, 6), 1, 1).batch(), sf::view(score), w);
  model.score(samples.batch(), sf::view(score), w);
  for (sf::Index j = 0; j < 6; ++j) {
    const double x = samples.x(0, j), expected = std::tanh(alpha * x / (sigma * sigma));
    CHECK(out(0, j) == Catch::Approx(expected).margin(1e-14));
    CHECK(score(0, j) == Catch::Approx((alpha * expected - x) / (sigma * sigma)).margin(1e-13));
  }
}

TEMPLATE_TEST_CASE("the empirical denoiser is exact where there is next to no noise, far from 0", "[model]", float,
                   double) {
  sf::Matrix<TestType> points = 100 * test::normals<TestType>(3, 500, "points");
  points.col(1) = points.col(0).array() + TestType(1e-4);  // one deviation of the noise in each direction
  const Empirical<TestType> model(sf::VariancePreserving<TestType>{}, points);
  const LeveledSamples<TestType> at_points(points.leftCols(60), 1, 1e-4);
  const auto out = denoised_by(model, at_points);
  for (sf::Index j = 0; j < 60; ++j) {
    const sf::Vector<double> expected =
        denoised_by_a_loop(points.template cast<double>(), points.col(j).template cast<double>(), 1,
                           static_cast<double>(static_cast<TestType>(1e-4)));
    // Exponents of 1e12 are rounded to 1e-4, on which a mean of two points that are 1e-4 apart depends.
    REQUIRE((out.col(j).template cast<double>() - expected).cwiseAbs().maxCoeff() <
            300 * test::Tolerance<TestType>::epsilon + 2e-8);
  }
  // Without noise it is the nearest point, and nothing divides by 0.
  const auto nearest = denoised_by(model, LeveledSamples<TestType>(points.rightCols(60), 1, 0));
  CHECK((nearest - points.rightCols(60)).cwiseAbs().maxCoeff() <=
        TestType(300) * std::numeric_limits<TestType>::epsilon());
}

TEST_CASE("the derivative of the empirical denoiser is that of finite differences", "[model]") {
  const sf::Matrix<double> points = test::normals<double>(3, 300, "points").array() + 1;
  for (const double smoothing : {0.0, 0.5}) {
    const sf::EmpiricalDenoiser model(StraightNoise{0.5}, points, {.smoothing = smoothing, .perturbations = 3});
    auto w = model.workspace();
    LeveledSamples<double> samples(test::normals<double>(3, 4, "noisy"), 0.8, 0.5);
    const sf::Matrix<double> by_out = test::normals<double>(3, 4, "loss");
    sf::Matrix<double> out(3, 4), scratch = by_out, by_x(3, 4);
    model.denoise_forward(samples.batch(), sf::view(out), w);
    CHECK(out == denoised_by(model, samples));
    model.denoise_backward(samples.batch(), sf::view(scratch), sf::view(by_x), w);
    const auto loss = [&] { return by_out.cwiseProduct(denoised_by(model, samples)).sum(); };
    CHECK(test::worst_gradient_error({samples.x.data(), 12}, {by_x.data(), 12}, loss) <
          test::Tolerance<double>::gradient);
  }
}

TEST_CASE("a smoothed empirical denoiser is the mean over its perturbations", "[model]") {
  // Between two points, those of one perturbation and of its opposite.
  const sf::Matrix<double> points{{-1, 1}};
  const double alpha = 0.8, sigma = 0.6, smoothing = 1;
  const sf::EmpiricalDenoiser model(StraightNoise{0}, points, {.smoothing = smoothing, .perturbations = 2, .seed = 3});
  sf::Matrix<double> normals(1, 2);
  sf::Random(sf::Seed{3}, "perturbations").normal(sf::view(normals), 0, 0);
  const double size = smoothing * alpha * (normals(0) - normals(1)) / 2, x = 0.4;
  const auto at = [&](double where) { return std::tanh(alpha * where / (sigma * sigma)); };
  CHECK(denoised_by(model, LeveledSamples<double>(sf::Matrix<double>{{x}}, alpha, sigma))(0) ==
        Catch::Approx((at(x + size) + at(x - size)) / 2));
}

TEST_CASE("samples of the empirical denoiser are its data, and with smoothing between them", "[model]") {
  const auto data = sf::two_moons<float>(30);
  const auto farthest = [&](const sf::Matrix<float>& samples) {
    double most = 0;
    for (sf::Index j = 0; j < samples.cols(); ++j)
      most = std::max(most, static_cast<double>((data.colwise() - samples.col(j)).colwise().norm().minCoeff()));
    return most;
  };
  const sf::DpmSolverPlusPlus sampler{.steps = 40,
                                      .t_last = 1e-6};  // where the noise is 3e-4, far less than between points
  const Empirical<float> model(sf::VariancePreserving<float>{}, data);
  const auto samples = sf::sample(model, sampler, 200, sf::Seed{1});
  CHECK(farthest(samples) < 1e-3);
  const Empirical<float> smooth(sf::VariancePreserving<float>{}, data, {.smoothing = 0.1});
  CHECK(farthest(sf::sample(smooth, sampler, 200, sf::Seed{1})) > 1e-2);
  // Each number of a sample is its own: the batch and the threads change no bit.
  CHECK(sf::sample(model, sampler, 200, sf::Seed{1}, {.threads = 3}) == samples);
  CHECK(sf::sample(model, sampler, 90, sf::Seed{1}, {.first = 33, .threads = 1}) == samples.middleCols(33, 90));
}

TEST_CASE("the prior of an empirical denoiser has the moments of noisy data", "[model]") {
  const sf::Matrix<double> data = (test::normals<double>(2, 50, "points").array() * 3 + 5).matrix();
  const sf::EmpiricalDenoiser model(StraightNoise{0.5}, data);
  sf::Matrix<double> z{{0, 1}, {0, 1}};
  auto w = model.workspace();
  model.prior(sf::view(z), w);
  const Eigen::Vector2d mean = data.rowwise().mean();
  CHECK((z.col(0) - 0.5 * mean).norm() < 1e-14);
  const Eigen::Vector2d variance = (data.colwise() - mean).rowwise().squaredNorm() / 50;
  CHECK((z.col(1) - z.col(0) - Eigen::Vector2d((0.25 * variance.array() + 1).sqrt())).norm() < 1e-14);
}

TEST_CASE("an empirical denoiser starts where no signal is left, and allocates nothing", "[model]") {
  const sf::EmpiricalDenoiser model(StraightNoise{0}, test::normals<double>(2, 300, "points"));
  const LeveledSamples<double> samples(test::normals<double>(2, 64, "noisy"), 0, 1);
  auto w = model.workspace();
  sf::Matrix<double> out(2, 64), by_out(2, 64), by_x(2, 64);
  by_out.setOnes();
  CHECK(test::count_allocations([&] {
          model.denoise(samples.batch(), sf::view(out), w);
          model.denoise_backward(samples.batch(), sf::view(by_out), sf::view(by_x), w);
        }) == 0);
  // All points are as likely: their mean.
  CHECK((out.colwise() - test::normals<double>(2, 300, "points").rowwise().mean()).cwiseAbs().maxCoeff() < 1e-14);
  CHECK(by_x == sf::Matrix<double>::Zero(2, 64));
}

TEST_CASE("an empirical denoiser refuses what it cannot work with", "[model]") {
  const sf::VariancePreserving<double> sde;
  CHECK_THROWS_AS(sf::EmpiricalDenoiser(sde, sf::Matrix<double>(2, 0)), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::EmpiricalDenoiser(sde, sf::Matrix<double>{{std::numeric_limits<double>::infinity()}}),
                  sf::NonFinite);
  const sf::Matrix<double> one{{1.0}};
  CHECK_THROWS_WITH(sf::EmpiricalDenoiser(sde, one, {.smoothing = -1}), contains("got -1 and 8"));
  for (const sf::Index bad : {1, 0, -1})
    CHECK_THROWS_AS(sf::EmpiricalDenoiser(sde, one, {.smoothing = 1, .perturbations = bad}), sf::InvalidArgument);
}
