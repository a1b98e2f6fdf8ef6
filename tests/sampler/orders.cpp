// The order of every method along the probability flow of a Gaussian mixture, whose denoiser is exact, on every kind of
// equation, against a Runge-Kutta method that shares nothing with them.
#include <cmath>

#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/sde/any_sde.hpp"

#include "sampler/exact_denoiser.hpp"
#include "sampler/flow_reference.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;

namespace {

constexpr sf::Index order_draws = 15;
constexpr sf::Seed order_seed{5};

/// Times from s to t whose powers of sigma / alpha are equidistant, or its logarithm for power 0, but for two very
/// short first steps: by these a multistep method gets the values before, which its order presumes to be exact, so
/// exactly that their errors, of the squares of those steps, do not count.
sf::Vector<double> times_with_a_start(const sf::AnySde<double>& sde, double s, double t, sf::Index steps,
                                      double power) {
  const auto n = static_cast<double>(steps);
  const double first = -sf::half_log_snr(sde, s), last = -sf::half_log_snr(sde, t);
  const auto time = [&](double share) {
    if (power == 0) return sf::time_of_half_log_snr(sde, -first - share * (last - first));
    const double from = std::exp(power * first), to = std::exp(power * last);
    return sf::time_of_half_log_snr(sde, -std::log(from + share * (to - from)) / power);
  };
  sf::Vector<double> times(steps + 3);
  times.head(3) << s, time(1 / (n * n)), time(1 / (n * std::sqrt(n)));
  for (sf::Index i = 1; i <= steps; ++i) times(i + 2) = i == steps ? t : time(static_cast<double>(i) / n);
  return times;
}

/// The equation is of one type, since every method with each takes a second to compile.
void check_orders(const sf::AnySde<double>& sde, double s, double t) {
  const sf::test::ExactDenoiser<double, sf::AnySde<double>> model(sf::test::two_normals<double>(), sde);
  const auto& data = model.data();
  const sf::Matrix<double> start = data.evolved(sde.signal(s), sde.deviation(s)).sample(order_draws, order_seed);
  const auto expected = sf::test::flow(data, sde, start, s, t);

  const auto check = [&](const auto& method, double order, double power = 0) {
    const auto observed = sf::test::observed_order(order > 3 ? 200 : 120, [&](sf::Index steps) {
      const auto times = times_with_a_start(sde, s, t, steps, power);
      auto stepper = sf::start(model, sf::on_times(method, times), start, order_seed);
      while (!stepper.done()) stepper.step();
      return (stepper.samples() - expected).norm();
    });
    CAPTURE(method.name, order, observed);
    CHECK(std::abs(observed - order) < 0.15);
  };
  check(sf::Ddim{}, 1);
  check(sf::DpmSolverPlusPlus{}, 2);
  check(sf::DpmSolverPlusPlus2S{}, 2);
  check(sf::DpmSolverPlusPlus3M{}, 3);
  for (const auto variant : {sf::UniPcVariant::b1, sf::UniPcVariant::b2})
    for (const sf::Index order : {1, 2, 3})
      check(sf::UniPc{.order = order, .variant = variant}, static_cast<double>(order) + 1);
  for (const sf::Index order : {1, 2, 3}) check(sf::Deis{.order = order}, static_cast<double>(order));
  constexpr double karras = 1.0 / 3;
  check(sf::ProbabilityFlow{.scheme = sf::FlowScheme::euler}, 1, karras);
  check(sf::ProbabilityFlow{.scheme = sf::FlowScheme::heun}, 2, karras);
  check(sf::ProbabilityFlow{.scheme = sf::FlowScheme::midpoint}, 2, karras);
  check(sf::EdmHeun{}, 2, karras);
}

}  // namespace

TEST_CASE("methods are of their order on the variance-preserving equation", "[sampler]") {
  check_orders(sf::VariancePreserving<double>{}, 1, 0.05);
}
TEST_CASE("methods are of their order on the variance-exploding equation", "[sampler]") {
  check_orders(sf::VarianceExploding<double>{}, 1, 0.4);
}
TEST_CASE("methods are of their order on EDM's equation", "[sampler]") {
  check_orders(sf::EdmEquation<double>{}, 1, 0.003);
}
TEST_CASE("methods are of their order on rectified flow", "[sampler]") {
  check_orders(sf::RectifiedFlow<double>{}, 0.999, 0.1);
}
