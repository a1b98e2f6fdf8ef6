#include "scorefield/posterior.hpp"

#include <cmath>
#include <limits>

#include "scorefield/metric/wasserstein.hpp"
#include "scorefield/posterior/detail/conjugate_residual.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "posterior/mixture_model.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// A measurement of a third of a sample's numbers' combinations, and its posterior.
struct Measured {
  sf::Matrix<double> a;
  sf::Vector<double> y;
  double deviation;

  Measured(const sf::GaussianMixture<double>& prior, double noise)
      : a(test::normal_numbers<double>((prior.dimension() + 2) / 3, prior.dimension(), "operator") /
          std::sqrt(static_cast<double>(prior.dimension()))),
        y(a * prior.sample(1, sf::Seed{5}).col(0)),
        deviation(noise) {
    y += noise * test::normal_numbers<double>(y.size(), 1, "noise").col(0);
  }

  sf::LinearMeasurement<double> measurement() const { return {sf::matrix_operator(a), y, deviation}; }
};

/// What a denoiser makes of x (d x n) at a time.
template <class Model>
sf::Matrix<double> denoised_at(const Model& model, const sf::Matrix<double>& x, double t) {
  auto w = model.workspace();
  sf::NoiseLevels<double> levels(x.cols());
  levels.fill(x.cols(), model.sde(), t);
  sf::Matrix<double> out(x.rows(), x.cols());
  model.denoise(levels.around(sf::view(x)), sf::view(out), w);
  return out;
}

/// f(equation) for every kind of equation.
template <class F>
void for_each_kind(const F& f) {
  f(sf::VariancePreserving<double>{});
  f(sf::SubVariancePreserving<double>{});
  f(sf::VarianceExploding<double>{});
  f(sf::EdmEquation<double>{});
  f(sf::RectifiedFlow<double>{});
}

/// Samples at a time, up to the deviations of noise that they may have.
sf::Matrix<double> noisy_numbers(const auto& sde, sf::Index d, double t) {
  return std::hypot(sde.signal(t), sde.deviation(t)) * test::normal_numbers<double>(d, 6, "noisy");
}

double worst(const sf::Matrix<double>& a, const sf::Matrix<double>& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

static_assert(sf::Denoiser<sf::MomentMatching<test::MixtureModel<double>>>);
static_assert(sf::Denoiser<sf::PiGdm<test::MixtureModel<double>>>);
static_assert(sf::Denoiser<sf::Dps<test::MixtureModel<float>>>);

TEST_CASE("moment matching of one normal distribution is the denoiser of its posterior", "[posterior]") {
  for (const sf::Index d : {2, 10, 80}) {
    const auto prior = test::some_mixture(d, 1);
    const Measured of(prior, 0.1);
    const auto posterior = test::posterior_of(prior, of.a, of.y, of.deviation);
    for_each_kind([&](const auto& sde) {
      const test::MixtureModel model{prior, sde}, expected{posterior, sde};
      const sf::MomentMatching matched{model, of.measurement(), {.iterations = 100, .derivative_error = 0}};
      for (const double t : {0.01, 0.3, 0.7, 0.99}) {
        const auto x = noisy_numbers(sde, d, t);
        CAPTURE(d, t);
        // Roundings, by a system whose condition is at most that of variances of 0.1 against 0.01.
        CHECK(worst(denoised_at(matched, x, t), denoised_at(expected, x, t)) < 1e-6);
      }
    });
  }
}

TEST_CASE("PiGDM of standard normal data is the denoiser of their posterior", "[posterior]") {
  constexpr sf::Index d = 7;
  const sf::GaussianMixture<double> prior{
      sf::Vector<double>{{1}}, sf::Matrix<double>::Zero(d, 1), {sf::Matrix<double>::Identity(d, d)}};
  const Measured of(prior, 0.2);
  const auto posterior = test::posterior_of(prior, of.a, of.y, of.deviation);
  for_each_kind([&](const auto& sde) {
    const test::MixtureModel model{prior, sde}, expected{posterior, sde};
    const sf::PiGdm guided{model, of.measurement()};
    for (const double t : {0.01, 0.3, 0.99, 1.0}) {  // rectified flow has no signal at 1
      const auto x = noisy_numbers(sde, d, t);
      CHECK(worst(denoised_at(guided, x, t), denoised_at(expected, x, t)) < 1e-10);
    }
  });
}

TEST_CASE("DPS and likelihoods of one's own add the gradient of what they say", "[posterior]") {
  constexpr sf::Index d = 5;
  const auto prior = test::some_mixture(d, 3);
  const Measured of(prior, 0.1);
  const test::MixtureModel model{prior};
  const double t = 0.4, alpha = model.sde().signal(t), sigma = model.sde().deviation(t);
  const auto x = noisy_numbers(model.sde(), d, t);
  const auto check = [&](const auto& wrapper, const auto& log_likelihood) {
    const sf::Matrix<double> moved = denoised_at(wrapper, x, t) - denoised_at(model, x, t);
    for (sf::Index i = 0; i < d; ++i) {
      const double h = 1e-5;
      sf::Matrix<double> above = x, below = x;
      above.row(i).array() += h;
      below.row(i).array() -= h;
      const auto at_above = denoised_at(model, above, t), at_below = denoised_at(model, below, t);
      for (sf::Index j = 0; j < x.cols(); ++j) {
        const double slope = (log_likelihood(sf::Vector<double>(at_above.col(j))) -
                              log_likelihood(sf::Vector<double>(at_below.col(j)))) /
                             (2 * h);
        // Central differences are wrong by h^2 and by roundings over h.
        CHECK(moved(i, j) == Catch::Approx(sigma * sigma / alpha * slope).epsilon(1e-6).margin(1e-8));
      }
    }
  };
  check(sf::Dps{model, of.measurement(), {.zeta = 0.7, .derivative_error = 0}},
        [&](const auto& x0) -> double { return -0.7 * (of.y - of.a * x0).norm(); });
  const auto gradient = [](sf::ConstMatrixView<double> x0, sf::MatrixView<double> out) {
    for (sf::Index j = 0; j < x0.cols(); ++j)
      for (sf::Index i = 0; i < x0.rows(); ++i) out(i, j) = -std::sin(x0(i, j));
  };
  check(sf::LikelihoodGuided{model, gradient, {.derivative_error = 0}},
        [](const auto& x0) -> double { return x0.array().cos().sum(); });
}

TEST_CASE("moment matching draws posteriors better than DPS, and normal ones as exact draws are", "[posterior]") {
  struct Prior {
    sf::Index d, components, draws;
  };
  for (const auto& [d, components, n] : {Prior{2, 1, 500}, Prior{10, 1, 500}, Prior{80, 1, 100}, Prior{80, 5, 100}}) {
    const auto prior = test::some_mixture(d, components);
    const Measured of(prior, 0.1);
    const auto posterior = test::posterior_of(prior, of.a, of.y, of.deviation);
    const test::MixtureModel model{prior};
    const auto truth = posterior.sample(n, sf::Seed{1});
    const auto distance = [&](const sf::Matrix<double>& draws) { return sf::sliced_wasserstein(draws, truth).value; };
    const sf::DpmSolverPlusPlus sampler{.steps = 30};
    const sf::MomentMatching matched{model, of.measurement(), {.derivative_error = 0}};
    const sf::Dps dps{model, of.measurement()};
    const double floor = distance(posterior.sample(n, sf::Seed{2})),
                 by_matching = distance(sf::sample(matched, sampler, n, sf::Seed{3})),
                 by_dps = distance(sf::sample(dps, sampler, n, sf::Seed{3}));
    CAPTURE(d, components, floor, by_matching, by_dps);
    if (components == 1) CHECK(by_matching < 1.3 * floor);
    // In the plane so few draws of a normal distribution do not tell the methods apart.
    if (d > 2) CHECK(by_matching < 0.5 * by_dps);
  }
}

TEST_CASE("posteriors are finite under every equation, where no signal is left and where nothing is noisy",
          "[posterior]") {
  const auto prior = test::some_mixture(4, 2);
  const Measured of(prior, 0);
  for_each_kind([&](const auto& sde) {
    const test::MixtureModel model{prior, sde};
    const auto check = [&](const auto& wrapper) {
      for (const double t : {1e-4, 0.5, 1.0}) CHECK(denoised_at(wrapper, noisy_numbers(sde, 4, t), t).allFinite());
    };
    check(sf::MomentMatching{model, of.measurement()});
    check(sf::PiGdm{model, of.measurement()});
    check(sf::Dps{model, of.measurement()});
  });
  const test::MixtureModel model{prior, sf::RectifiedFlow<double>{}};
  const sf::MomentMatching matched{model, of.measurement()};
  const auto x = sf::sample(matched, sf::DpmSolverPlusPlus{.steps = 12}, 5, sf::Seed{1});
  // Five iterations are more than the numbers that were measured without noise.
  CHECK(worst(of.a * x, of.y.replicate(1, 5)) < 1e-3);
}

TEST_CASE("conjugate residuals never let a residual grow, whatever the matrix, and solve what is symmetric",
          "[posterior]") {
  constexpr sf::Index m = 6, n = 3;
  const sf::Matrix<double> any = test::normal_numbers<double>(m, m, "any matrix"), square = any * any.transpose(),
                           b = test::normal_numbers<double>(m, n, "right-hand sides");
  for (const auto& matrix : {any, square}) {
    sf::Vector<double> before = b.colwise().norm();
    for (sf::Index iterations = 1; iterations <= 2 * m; ++iterations) {
      sf::detail::ConjugateResidual<double> solver(m, n);
      solver.right_hand_side(n) = b;
      const sf::Matrix<double> solution = solver.solve(
          n, iterations, [&](sf::ConstMatrixView<double> p, sf::MatrixView<double> image) { image = matrix * p; });
      const sf::Vector<double> residual = (b - matrix * solution).colwise().norm();
      // Roundings, of solutions that a poor matrix makes large.
      CHECK((residual - before).maxCoeff() < 1e-9);
      before = residual;
    }
    if (matrix == square) CHECK(before.maxCoeff() < 1e-6);
  }
}
