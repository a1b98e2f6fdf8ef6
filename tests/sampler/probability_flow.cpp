// Samplers of the probability flow against the flow itself.
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"

#include "sampler/exact_denoiser.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::ExactDenoiser;
using Model = ExactDenoiser<double>;
using Samples = sf::Matrix<double>;

namespace {

constexpr sf::Index flow_draws = 40;
constexpr sf::Seed flow_seed{11};
constexpr double t_last = 1e-2;

Samples prior(const Model& model) {
  return sf::start(model, sf::EulerMaruyama{.steps = 1}, flow_draws, flow_seed).samples();
}

/// The flow from the prior at t = 1 to t_last by the classical Runge-Kutta method on dx/dt = f x - g^2 score / 2, Song
/// et al. 2021, arXiv:2011.13456, equation 13: nothing of what the samplers do. Their errors are of 1e-6 and more, that
/// of 2,000 steps of h = 1/2000 below (20 h)^4 = 1e-8.
Samples reference(const Model& model) {
  constexpr int steps = 2000;
  constexpr double h = (1 - t_last) / steps;
  const auto& sde = model.sde();
  const auto slope = [&](double t, const Samples& x) -> Samples {
    const double g = sde.diffusion(t);
    return sde.drift(t) * x - g * g / 2 * model.data().evolved(sde.signal(t), sde.deviation(t)).score(x);
  };
  Samples x = prior(model);
  for (int i = 0; i < steps; ++i) {
    const double t = 1 - i * h;
    const Samples k1 = slope(t, x), k2 = slope(t - h / 2, x - h / 2 * k1), k3 = slope(t - h / 2, x - h / 2 * k2),
                  k4 = slope(t - h, x - h * k3);
    x -= h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  return x;
}

/// The flow of one normal distribution to time t: along each axis a sample stays as many deviations from the mean.
Samples closed_form(const Model& model, double t) {
  const auto& sde = model.sde();
  const auto from = model.data().evolved(sde.signal(1), sde.deviation(1));
  const auto to = model.data().evolved(sde.signal(t), sde.deviation(t));
  const Eigen::SelfAdjointEigenSolver<Samples> axes(model.data().covariance());
  const auto deviations = [&](const auto& of) -> sf::Vector<double> {
    return (axes.eigenvectors().transpose() * of.covariance() * axes.eigenvectors()).diagonal().cwiseSqrt();
  };
  const sf::Vector<double> stretch = deviations(to).cwiseQuotient(deviations(from));
  const Samples centred = prior(model).colwise() - from.mean();
  return (axes.eigenvectors() * stretch.asDiagonal() * axes.eigenvectors().transpose() * centred).colwise() + to.mean();
}

/// The median distance of samples: of a mixture some stand on the watershed between the modes, where the smallest error
/// grows to that of another mode, so that means converge late.
double distance(const Samples& a, const Samples& b) {
  sf::Vector<double> lengths = (a - b).colwise().norm();
  std::nth_element(lengths.begin(), lengths.begin() + flow_draws / 2, lengths.end());
  return lengths(flow_draws / 2);
}

template <class Method>
double error(const Model& model, sf::Index steps, const Samples& expected) {
  const Method sampler{.steps = steps, .t_last = t_last, .last_denoising = false};
  return distance(sf::sample(model, sampler, flow_draws, flow_seed), expected);
}

/// d log error / d log(1 / steps), by least squares over doublings of the steps; error_of(steps).
template <class Error>
double order(const Error& error_of) {
  std::vector<double> logs;
  for (const sf::Index steps : {64, 128, 256, 512}) logs.push_back(-std::log2(error_of(steps)));
  return (3 * (logs[3] - logs[0]) + (logs[2] - logs[1])) / 10;
}

}  // namespace

TEST_CASE("the reference follows the flow", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  CHECK((reference(model) - closed_form(model, t_last)).cwiseAbs().maxCoeff() < 1e-8);
}

TEST_CASE("samplers of the probability flow are of their order", "[sampler]") {
  const auto check = [](const Model& model, const Samples& expected) {
    const double ddim = order([&](sf::Index steps) { return error<sf::Ddim>(model, steps, expected); });
    const double dpm = order([&](sf::Index steps) { return error<sf::DpmSolverPlusPlus>(model, steps, expected); });
    CAPTURE(ddim, dpm, error<sf::Ddim>(model, 64, expected), error<sf::DpmSolverPlusPlus>(model, 64, expected));
    // At 64 steps of 0.12 in lambda, terms of the next order are still a few hundredths of the error.
    CHECK(std::abs(ddim - 1) < 0.05);
    CHECK(std::abs(dpm - 2) < 0.05);
  };
  const Model normal(sf::test::one_normal<double>()), mixture(sf::test::two_normals<double>());
  check(normal, closed_form(normal, t_last));
  check(mixture, reference(mixture));
}

TEST_CASE("Euler-Maruyama without noise follows the flow, of order 1", "[sampler]") {
  const Model model(sf::test::one_normal<double>());
  const auto euler = order([&](sf::Index steps) {
    return distance(sf::sample(model, sf::EulerMaruyama{.steps = steps, .stochasticity = 0}, flow_draws, flow_seed),
                    closed_form(model, 0));
  });
  CHECK(std::abs(euler - 1) < 0.05);
}

TEST_CASE("the last step to time 0 takes the noise away", "[sampler]") {
  const auto check = [](const auto& method) {
    const Model model(sf::test::two_normals<double>());
    auto sampler = method;
    sampler.steps = 20, sampler.t_last = 0.05;
    auto stepper = sf::start(model, sampler, flow_draws, flow_seed);
    for (sf::Index i = 0; i < 19; ++i) stepper.step();
    REQUIRE(stepper.time() == 0.05);
    const Samples noisy = stepper.samples();
    if constexpr (requires { sampler.last_denoising; }) {
      sampler.steps = 19, sampler.last_denoising = false;
      CHECK(noisy == sf::sample(model, sampler, flow_draws, flow_seed));
    }
    stepper.step();
    REQUIRE(stepper.time() == 0);
    // E[x(0) | x(t)] = (x + sigma^2 score) / alpha.
    const double alpha = model.sde().signal(0.05), sigma = model.sde().deviation(0.05);
    const Samples denoised = (noisy + sigma * sigma * model.data().evolved(alpha, sigma).score(noisy)) / alpha;
    CHECK((stepper.samples() - denoised).cwiseAbs().maxCoeff() < 1e-13);
    CHECK((denoised - noisy).cwiseAbs().maxCoeff() > 0.01);
  };
  check(sf::EulerMaruyama{});
  check(sf::Ddim{});
  check(sf::DpmSolverPlusPlus{});
  check(sf::DpmSolverPlusPlus{.stochasticity = 2});
}

TEST_CASE("a denoised sample that stays the same is reached in any step", "[sampler]") {
  // Data of no variance: x0 is the mean, of which x(t) = sigma(t) / sigma(1) x(1) + ... is the flow, in one step as in
  // ten. The covariance is as small as doubles let it count for nothing.
  const Model model(
      sf::GaussianMixture<double>{sf::Vector<double>{{1}}, Samples{{2}, {-3}}, {1e-20 * Samples::Identity(2, 2)}});
  for (const sf::Index steps : {1, 2, 10}) {
    CAPTURE(steps);
    const double last = 0.25, alpha = model.sde().signal(last), sigma = model.sde().deviation(last);
    const Samples start = prior(model).colwise() - model.sde().signal(1) * model.data().mean();
    const Samples expected = (sigma / model.sde().deviation(1) * start).colwise() + alpha * model.data().mean();
    const auto check = [&](const auto& sampler) {
      CHECK((sf::sample(model, sampler, flow_draws, flow_seed) - expected).cwiseAbs().maxCoeff() < 1e-11);
    };
    // Rounding of the score at t = 1 counts by sigma^2 / alpha = 152, and a multistep method keeps it.
    check(sf::Ddim{.steps = steps, .t_last = last, .last_denoising = false});
    check(sf::DpmSolverPlusPlus{.steps = steps, .t_last = last, .last_denoising = false});
  }
}

TEST_CASE("DPM-Solver++ is Ddim where it has nothing to extrapolate from, and better where it has", "[sampler]") {
  const Model model(sf::test::two_normals<double>());
  const auto apart = [&](sf::Index steps, bool last_denoising) {
    return distance(
        sf::sample(model, sf::Ddim{.steps = steps, .last_denoising = last_denoising}, flow_draws, flow_seed),
        sf::sample(model, sf::DpmSolverPlusPlus{.steps = steps, .last_denoising = last_denoising}, flow_draws,
                   flow_seed));
  };
  CHECK(apart(1, true) < 1e-13);
  CHECK(apart(2, true) < 1e-13);  // the first step, and the one to time 0
  CHECK(apart(1, false) < 1e-13);
  CHECK(apart(2, false) < 1e-13);  // the last one of few
  CHECK(apart(3, true) > 1e-3);
  CHECK(apart(3, false) > 1e-3);

  const auto expected = reference(model);
  for (const sf::Index steps : {8, 14, 15, 30}) {
    CAPTURE(steps);
    CHECK(error<sf::DpmSolverPlusPlus>(model, steps, expected) < 0.6 * error<sf::Ddim>(model, steps, expected));
  }
}
