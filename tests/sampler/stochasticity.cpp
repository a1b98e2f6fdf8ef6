// Samplers that add noise on their way, to data whose distribution at each time is known.
#include <Eigen/LU>
#include <cmath>
#include <limits>

#include "scorefield/sampler/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"

#include "sampler/exact_score.hpp"
#include "sampler/moments.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using Matrix = sf::Matrix<double>;
using Vector = sf::Vector<double>;
using Model = sf::test::ExactScore<double>;
using sf::test::contains;
using sf::test::distance;
using sf::test::Moments;
using sf::test::moments_of;
using sf::test::monte_carlo_error;

namespace {

constexpr double t_last = 1e-2;

sf::DpmSolverPlusPlus dpm(sf::Index steps, double stochasticity) {
  return {.steps = steps, .stochasticity = stochasticity, .t_last = t_last, .last_denoising = false};
}

/// Of the samples that DPM-Solver++ draws of one normal distribution, exactly: a step is linear in x, in the denoised
/// sample of the step before, which stands below x here, and in its noise.
Moments scheme_moments(const Model& model, const sf::DpmSolverPlusPlus& sampler) {
  const auto& sde = model.sde();
  const sf::Index d = model.dimension();
  const Matrix identity = Matrix::Identity(d, d);
  const auto times = sf::log_snr_time_grid("test", sde, {sampler.steps, sampler.t_last, sampler.last_denoising});
  const auto lambda = [&](sf::Index i) { return std::log(sde.signal(times(i)) / sde.deviation(times(i))); };
  Vector mean = Vector::Zero(2 * d);
  Matrix covariance = Matrix::Zero(2 * d, 2 * d);
  covariance.topLeftCorner(d, d) = std::pow(sde.deviation(1), 2) * identity;
  for (sf::Index i = 0; i < sampler.steps; ++i) {
    const double alpha = sde.signal(times(i)), sigma = sde.deviation(times(i));
    const double next_alpha = sde.signal(times(i + 1)), next_sigma = sde.deviation(times(i + 1));
    const double h = lambda(i + 1) - lambda(i), ratio = std::exp(-h);
    const double keep = next_sigma / sigma * std::pow(ratio, sampler.stochasticity);
    const double pull = next_alpha * (1 - std::pow(ratio, 1 + sampler.stochasticity));
    const double variance = next_sigma * next_sigma * (1 - std::pow(ratio, 2 * sampler.stochasticity));
    const double beyond = i == 0 ? 0 : h / (2 * (lambda(i) - lambda(i - 1)));

    // x0 = denoise x + constant
    const auto marginal = model.data().evolved(alpha, sigma);
    const Matrix noise_share = sigma * sigma * marginal.covariance().inverse();
    const Matrix denoise = (identity - noise_share) / alpha;
    const Vector constant = noise_share * marginal.mean() / alpha;
    Matrix step(2 * d, 2 * d);
    step << keep * identity + pull * (1 + beyond) * denoise, -pull * beyond * identity, denoise, 0 * identity;
    Vector shift(2 * d);
    shift << pull * (1 + beyond) * constant, constant;
    mean = step * mean + shift;
    covariance = step * covariance * step.transpose();
    covariance.topLeftCorner(d, d) += variance * identity;
  }
  return {mean.head(d), covariance.topLeftCorner(d, d)};
}

Moments truth(const Model& model) {
  return moments_of(model.data().evolved(model.sde().signal(t_last), model.sde().deviation(t_last)));
}

}  // namespace

TEST_CASE("DPM-Solver++ with noise draws a normal distribution as its scheme says", "[sampler]") {
  // The moments of the scheme are known exactly, so the only error is that of Monte Carlo.
  const Model model(sf::test::one_normal<double>());
  constexpr sf::Index n = 50'000;
  for (const double stochasticity : {0.3, 1.0, 2.0}) {
    CAPTURE(stochasticity);
    const auto sampler = dpm(15, stochasticity);  // the fewest of which the last is extrapolated
    const auto expected = scheme_moments(model, sampler);
    CHECK(distance(moments_of(sf::sample(model, sampler, n, sf::Seed{3})), expected) < monte_carlo_error(expected, n));
  }
  // The test could tell another amount of noise.
  const auto much = scheme_moments(model, dpm(15, 2)), little = scheme_moments(model, dpm(15, 0.3));
  CHECK(distance(much, little) > monte_carlo_error(much, n));
}

TEST_CASE("DPM-Solver++ with noise is of weak order 2 for a linear score", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  for (const double stochasticity : {1.0, 2.0}) {
    const auto bias = [&](sf::Index steps) {
      return distance(scheme_moments(model, dpm(steps, stochasticity)), truth(model));
    };
    // Twice the steps, a quarter of the bias, up to terms of the next order. Of a prior that is not quite reached
    // nothing is left to be seen.
    for (const sf::Index steps : {64, 128, 256}) {
      CAPTURE(stochasticity, steps, bias(steps));
      CHECK(bias(steps) / bias(2 * steps) == Catch::Approx(4).epsilon(0.06));
    }
  }
}

TEST_CASE("samplers with noise draw a mixture", "[sampler]") {
  const Model model(sf::test::two_normals<double>());
  constexpr sf::Index n = 3000;
  const auto check = [&](const auto& sampler, double bias) {
    const auto x = sf::sample(model, sampler, n, sf::Seed{2});
    const auto expected = moments_of(model.data());
    // Five deviations, those of x x^T being at most 1 here, and the bias of the steps.
    CHECK(distance(moments_of(x), expected) < monte_carlo_error(expected, n) + bias);
    // The modes are apart, so a sample's mode is told by the side of the line x + y = 0.25.
    const double left = static_cast<double>((x.colwise().sum().array() < 0.25).count()) / static_cast<double>(n);
    CHECK(std::abs(left - 0.7) < 5 * std::sqrt(0.7 * 0.3 / static_cast<double>(n)) + bias / 5);
  };
  check(sf::EulerMaruyama{.steps = 200, .stochasticity = 3}, 0.05);
  check(sf::DpmSolverPlusPlus{.steps = 100, .stochasticity = 2}, 0.01);
}

TEST_CASE("the more noise, the more a sample forgets of where it began", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  constexpr sf::Index n = 2000;
  const auto memory = [&](const auto& sampler) {
    auto stepper = sampler.start(model, {n, sf::Seed{5}});
    const Matrix start = stepper.samples();
    while (!stepper.done()) stepper.step();
    const Matrix end = stepper.samples().colwise() - stepper.samples().rowwise().mean().eval();
    return (start.array() * end.array()).sum() / (start.norm() * end.norm());
  };
  // A normal distribution's flow is nearly a stretch; and two independent samples of 4,000 numbers correlate by less
  // than 5 / sqrt(4,000).
  CHECK(memory(sf::EulerMaruyama{.steps = 100, .stochasticity = 0}) > 0.8);
  CHECK(std::abs(memory(sf::EulerMaruyama{.steps = 100, .stochasticity = 2})) < 0.08);
  CHECK(memory(dpm(30, 0)) > 0.8);
  CHECK(std::abs(memory(dpm(30, 2))) < 0.08);
}

TEST_CASE("samplers refuse a stochasticity that is none", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  for (const double none : {-0.5, std::nan(""), std::numeric_limits<double>::infinity()}) {
    CHECK_THROWS_WITH((sf::EulerMaruyama{.stochasticity = none}.start(model, {.count = 1, .seed = {}})),
                      contains("EulerMaruyama: expected a finite stochasticity >= 0, got"));
    CHECK_THROWS_WITH((sf::DpmSolverPlusPlus{.stochasticity = none}.start(model, {.count = 1, .seed = {}})),
                      contains("DpmSolverPlusPlus: expected a finite stochasticity >= 0, got"));
  }
}
