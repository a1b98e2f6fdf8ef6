#include "scorefield/sampler/euler_maruyama.hpp"

#include <Eigen/LU>
#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/core/random.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sampler/time_grid.hpp"

#include "sampler/exact_score.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::ExactScore;

namespace {

struct Moments {
  sf::Vector<double> mean;
  sf::Matrix<double> covariance;
};

Moments moments_of(const sf::GaussianMixture<double>& mixture) { return {mixture.mean(), mixture.covariance()}; }

Moments moments_of(const sf::Matrix<double>& x) {
  const sf::Vector<double> mean = x.rowwise().mean();
  const sf::Matrix<double> centred = x.colwise() - mean;
  return {mean, centred * centred.transpose() / static_cast<double>(x.cols())};
}

/// Of the samples that the scheme draws of one normal distribution, exactly: a step is linear in x and in its noise.
Moments scheme_moments(const ExactScore<double>& model, sf::Index steps) {
  const auto& sde = model.sde();
  const sf::Matrix<double> identity = sf::Matrix<double>::Identity(model.dimension(), model.dimension());
  Moments x{sf::Vector<double>::Zero(model.dimension()), std::pow(sde.deviation(1), 2) * identity};
  const double dt = 1 / static_cast<double>(steps);
  for (sf::Index i = 0; i < steps; ++i) {
    const double t = 1 - static_cast<double>(i) * dt, noise = std::pow(sde.diffusion(t), 2) * dt;
    const auto marginal = model.data().evolved(sde.signal(t), sde.deviation(t));
    const sf::Matrix<double> pull = noise * marginal.covariance().inverse();
    const sf::Matrix<double> step = (1 - sde.drift(t) * dt) * identity - pull;
    x.mean = step * x.mean + pull * marginal.mean();
    x.covariance = step * x.covariance * step.transpose() + noise * identity;
  }
  return x;
}

double distance(const Moments& a, const Moments& b) {
  return std::max((a.mean - b.mean).cwiseAbs().maxCoeff(), (a.covariance - b.covariance).cwiseAbs().maxCoeff());
}

/// A bound on `distance` for n draws of a normal distribution: five deviations of a mean and of a second moment.
double monte_carlo_error(const Moments& of, sf::Index n) {
  const double variance = of.covariance.diagonal().maxCoeff();
  return 5 * std::max(std::sqrt(variance), std::sqrt(2.0) * variance) / std::sqrt(static_cast<double>(n));
}

template <sf::Real Scalar>
using Trained = sf::ScoreModel<sf::VariancePreserving<Scalar>, sf::Mlp<Scalar, 2, 16, 16>>;

template <sf::Real Scalar>
Trained<Scalar> untrained() {
  return {sf::VariancePreserving<Scalar>{}, sf::Mlp<Scalar, 2, 16, 16>{}, sf::Seed{3}};
}

/// Its score is a NaN for samples whose first number at t = 1 is beyond 2.
struct BreaksAtTheEdge : ExactScore<float> {
  BreaksAtTheEdge() : ExactScore<float>(sf::test::one_normal<float>()) {}
  void score(sf::ConstMatrixView<float> x, sf::ConstVectorView<float> t, sf::MatrixView<float> score,
             Workspace& w) const {
    ExactScore<float>::score(x, t, score, w);
    for (sf::Index j = 0; j < x.cols(); ++j)
      if (t(j) == 1 && x(0, j) > 2) score(1, j) = std::numeric_limits<float>::quiet_NaN();
  }
};

}  // namespace

TEST_CASE("Euler-Maruyama draws a normal distribution as its scheme says", "[sampler]") {
  // The moments of the scheme are known exactly, so the only error is that of Monte Carlo.
  const ExactScore<double> model(sf::test::one_normal<double>());
  constexpr sf::Index n = 20'000, steps = 16;
  const auto drawn = moments_of(sf::sample(model, sf::EulerMaruyama{.steps = steps}, n, sf::Seed{1}));
  const auto expected = scheme_moments(model, steps);
  CHECK(distance(drawn, expected) < monte_carlo_error(expected, n));
  // The test could tell another scheme: this one is further from the truth than Monte Carlo's error.
  CHECK(distance(expected, moments_of(model.data())) > monte_carlo_error(expected, n));
}

TEST_CASE("Euler-Maruyama is of weak order 1", "[sampler]") {
  const ExactScore<double> model(sf::test::one_normal<double>());
  const auto bias = [&](sf::Index steps) { return distance(scheme_moments(model, steps), moments_of(model.data())); };
  // Twice the steps, half the bias: up to terms of the next order, and 1e-4 of a prior that is not quite reached.
  for (const sf::Index steps : {100, 200, 400}) {
    CAPTURE(steps, bias(steps));
    CHECK(bias(steps) / bias(2 * steps) == Catch::Approx(2).epsilon(0.1));
  }
  CHECK(bias(1000) < 0.01);
}

TEST_CASE("Euler-Maruyama draws a mixture", "[sampler]") {
  // Moments within five Monte Carlo deviations (those of x x^T by the draws themselves, at most 1 here) and a
  // discretisation error of 5 / steps, which is what the scheme makes of one normal distribution as narrow as these.
  const ExactScore<double> model(sf::test::two_normals<double>());
  constexpr sf::Index n = 3000, steps = 100;
  const auto x = sf::sample(model, sf::EulerMaruyama{.steps = steps}, n, sf::Seed{2});
  const auto expected = moments_of(model.data());
  CHECK(distance(moments_of(x), expected) < monte_carlo_error(expected, n) + 5.0 / steps);
  // The modes are apart, so a sample's mode is told by the side of the line x + y = 0.25.
  const double left = static_cast<double>((x.colwise().sum().array() < 0.25).count()) / static_cast<double>(n);
  CHECK(std::abs(left - 0.7) < 5 * std::sqrt(0.7 * 0.3 / static_cast<double>(n)) + 1.0 / steps);
}

TEMPLATE_TEST_CASE("a sample has the same bits however it is drawn", "[sampler]", float, double) {
  const auto check = [](const auto& model) {
    const sf::EulerMaruyama sampler{.steps = 12};
    constexpr sf::Index n = 205;  // some chunks, the last one shorter
    const auto all = sf::sample(model, sampler, n, sf::Seed{7}, {.threads = 1});
    REQUIRE(all.allFinite());
    for (const int threads : {0, 2, 3}) CHECK(sf::sample(model, sampler, n, sf::Seed{7}, {.threads = threads}) == all);
    for (const sf::Index size : {1, 36, 64, 150}) {
      CAPTURE(size);
      sf::Matrix<TestType> pieces(2, n);
      for (sf::Index first = 0; first < n; first += size) {
        const sf::Index count = std::min(size, n - first);
        pieces.middleCols(first, count) =
            sf::sample(model, sampler, count, sf::Seed{7}, {.first = first, .threads = 2});
      }
      CHECK(pieces == all);
    }
    CHECK(sf::sample(model, sampler, n, sf::Seed{8}) != all);
    CHECK(sf::sample(model, sampler, 0, sf::Seed{7}).cols() == 0);
  };
  check(untrained<TestType>());
  check(ExactScore<TestType>(sf::test::two_normals<TestType>()));
}

TEST_CASE("a stepper goes from the prior at time 1 to samples at time 0", "[sampler]") {
  const auto model = untrained<float>();
  constexpr sf::Index n = 100, steps = 8;
  const sf::EulerMaruyama sampler{.steps = steps};
  auto stepper = sampler.start(model, {.count = n, .seed = sf::Seed{4}});

  sf::Matrix<float> prior(2, n);
  sf::Random(sf::Seed{4}, "prior").normal(sf::view(prior), 0, 0);
  CHECK(stepper.samples() == model.sde().deviation(1) * prior);

  sf::Matrix<float> last = stepper.samples();
  for (sf::Index i = 0; i < steps; ++i) {
    CHECK_FALSE(stepper.done());
    CHECK(stepper.time() == static_cast<float>(steps - i) / steps);
    stepper.step();
    CHECK(stepper.samples() != last);
    last = stepper.samples();
  }
  CHECK(stepper.done());
  CHECK(stepper.time() == 0);
  CHECK(sf::sample(model, sampler, n, sf::Seed{4}) == last);
}

TEST_CASE("a step of a sampler allocates nothing", "[sampler]") {
  const auto model = untrained<float>();
  for (const int threads : {1, 2}) {
    CAPTURE(threads);
    auto stepper = sf::EulerMaruyama{.steps = 20}.start(model, {.count = 500, .seed = sf::Seed{1}, .threads = threads});
    stepper.step();  // starts the threads
    CHECK(sf::test::count_allocations([&] {
            while (!stepper.done()) stepper.step();
          }) == 0);
  }
}

TEST_CASE("a sampler refuses what it cannot draw", "[sampler]") {
  const auto model = untrained<float>();
  const auto draw = [&](sf::Index steps, sf::Index count, const sf::SampleOptions& options = {}) {
    return sf::sample(model, sf::EulerMaruyama{.steps = steps}, count, sf::Seed{0}, options);
  };
  CHECK_THROWS_AS(draw(0, 10), sf::InvalidArgument);
  CHECK_THROWS_WITH(draw(-3, 10), contains("EulerMaruyama: expected at least 1 step, got -3; 1000 is usual"));
  CHECK_THROWS_AS(draw(10, -1), sf::InvalidArgument);
  CHECK_THROWS_WITH(draw(10, -1),
                    contains("sample: expected a count and a first index >= 0, up to sample 2^48, got -1 and 0;"));
  CHECK_THROWS_WITH(draw(10, 5, {.first = -2}), contains("got 5 and -2"));
  CHECK_THROWS_AS(draw(10, 5, {.threads = -1}), sf::InvalidArgument);
  CHECK_THROWS_WITH(draw(10, 5, {.threads = -1}), contains("threads: expected 0 (all) or a positive number, got -1"));
}

TEST_CASE("a sample that is not finite is named", "[sampler]") {
  const BreaksAtTheEdge model;
  const sf::EulerMaruyama sampler{.steps = 5};
  const auto prior = sampler.start(model, {.count = 500, .seed = sf::Seed{6}}).samples();
  sf::Index bad = 0;
  while (prior(0, bad) <= 2) ++bad;
  REQUIRE(bad > 0);
  CHECK_THROWS_AS(sf::sample(model, sampler, 500, sf::Seed{6}), sf::NonFinite);
  CHECK_THROWS_WITH(
      sf::sample(model, sampler, 500, sf::Seed{6}),
      contains("sample: expected finite samples, got a NaN or an infinity in sample " + std::to_string(bad) + ";"));
  // By its number in the stream, not in the batch.
  CHECK_THROWS_WITH(sf::sample(model, sampler, 100, sf::Seed{6}, {.first = bad}),
                    contains("in sample " + std::to_string(bad) + ";"));
  CHECK(sf::sample(model, sampler, bad, sf::Seed{6}).allFinite());
}

TEMPLATE_TEST_CASE("the time grid goes from 1 to 0, both exactly", "[sampler]", float, double) {
  for (const sf::Index steps : {1, 3, 10, 1000}) {
    const auto times = sf::uniform_time_grid<TestType>(steps);
    REQUIRE(times.size() == steps + 1);
    CHECK(times(0) == 1);
    CHECK(times(steps) == 0);
    for (sf::Index i = 0; i < steps; ++i)
      CHECK(times(i) - times(i + 1) ==
            Catch::Approx(1 / static_cast<double>(steps)).margin(std::numeric_limits<TestType>::epsilon()));
  }
}
