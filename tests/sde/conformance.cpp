// What scorefield/sde/concept.hpp promises, for every equation and schedule.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/sde.hpp"

#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// A rate of the user's own: beta(t) = 3 + 2 sin(5 t).
struct Wave {
  using Scalar = double;
  double rate(double t) const { return 3 + 2 * std::sin(5 * t); }
  double integral(double t) const { return 3 * t + 0.4 * (1 - std::cos(5 * t)); }
};

/// An equation of the user's own: dx = -x dt + sqrt(2) dw, Ornstein and Uhlenbeck.
struct OrnsteinUhlenbeck {
  using Scalar = double;
  double drift(double) const { return -1; }
  double diffusion(double) const { return std::sqrt(2.0); }
  double signal(double t) const { return std::exp(-t); }
  double deviation(double t) const { return std::sqrt(-std::expm1(-2 * t)); }
};

struct WithoutDeviation {
  using Scalar = double;
  double drift(double) const;
  double diffusion(double) const;
  double signal(double) const;
};
struct OfAnotherScalar : OrnsteinUhlenbeck {
  using Scalar = float;
};
struct RateAlone {
  using Scalar = double;
  double rate(double) const;
};

static_assert(sf::Sde<sf::VariancePreserving<float>>);
static_assert(sf::Sde<sf::VariancePreserving<double, Wave>>);
static_assert(sf::Sde<OrnsteinUhlenbeck>);
static_assert(!sf::Sde<WithoutDeviation>);
static_assert(!sf::Sde<OfAnotherScalar>);
static_assert(!sf::Sde<sf::LinearSchedule<float>>);
static_assert(sf::NoiseSchedule<sf::LinearSchedule<double>>);
static_assert(sf::NoiseSchedule<Wave>);
static_assert(!sf::NoiseSchedule<RateAlone>);
static_assert(!sf::NoiseSchedule<sf::VariancePreserving<float>>);

/// The moments of the marginal, as the equation's own drift and diffusion make them.
struct Moments {
  double signal, variance;
};

/// One step of the classical Runge-Kutta method for alpha' = f alpha, v' = 2 f v + g^2.
template <sf::Sde S>
Moments advanced(const S& sde, Moments m, double t, double h) {
  const auto slope = [&](double at, const Moments& x) {
    const double f = sde.drift(at), g = sde.diffusion(at);
    return Moments{f * x.signal, 2 * f * x.variance + g * g};
  };
  const auto plus = [](const Moments& x, const Moments& d, double by) {
    return Moments{x.signal + by * d.signal, x.variance + by * d.variance};
  };
  const auto k1 = slope(t, m), k2 = slope(t + h / 2, plus(m, k1, h / 2)), k3 = slope(t + h / 2, plus(m, k2, h / 2)),
             k4 = slope(t + h, plus(m, k3, h));
  return plus(plus(plus(plus(m, k1, h / 6), k2, h / 3), k3, h / 3), k4, h / 6);
}

template <sf::Sde S>
void check_marginal(const S& sde) {
  CHECK(sde.signal(0) == 1);
  CHECK(sde.deviation(0) == 0);

  // Against the moment equations, solved from 0 on. At 4,000 steps of h = 1/4000 the method's error of fourth order is
  // below (20 h)^4 = 6e-10 for rates up to 20, and alpha shrinks it as it does the moments.
  constexpr int steps = 4000;
  Moments m{1, 0};
  double worst = 0;
  for (int k = 0; k < steps; ++k) {
    m = advanced(sde, m, static_cast<double>(k) / steps, 1.0 / steps);
    const double t = static_cast<double>(k + 1) / steps, sigma = sde.deviation(t);
    worst = std::max({worst, std::abs(m.signal - sde.signal(t)), std::abs(m.variance - sigma * sigma)});
  }
  CHECK(worst < 1e-9);

  // The same without integration: central differences are off by h^2 / 6 times third derivatives of up to 10^4, and by
  // 1e-16 / h.
  constexpr double h = 1e-6;
  for (double t = 0.005; t < 1; t += 0.01) {
    const double f = sde.drift(t), g = sde.diffusion(t), alpha = sde.signal(t), sigma = sde.deviation(t);
    const auto slope = [&](auto of) { return (of(t + h) - of(t - h)) / (2 * h); };
    CAPTURE(t);
    CHECK(std::abs(slope([&](double s) { return sde.signal(s); }) - f * alpha) < 1e-8);
    CHECK(std::abs(slope([&](double s) { return std::pow(sde.deviation(s), 2); }) - (2 * f * sigma * sigma + g * g)) <
          1e-8);
  }
}

template <sf::NoiseSchedule S>
void check_schedule(const S& schedule) {
  CHECK(schedule.integral(0) == 0);
  // Simpson's rule on 1,000 intervals: off by h^4 / 180 times a fourth derivative of at most 10^3.
  constexpr int n = 1000;
  double sum = 0;
  for (int k = 0; k < n; ++k) {
    const double a = static_cast<double>(k) / n, b = static_cast<double>(k + 1) / n;
    REQUIRE(schedule.rate(a) >= 0);
    sum += (schedule.rate(a) + 4 * schedule.rate((a + b) / 2) + schedule.rate(b)) * (b - a) / 6;
    REQUIRE(std::abs(schedule.integral(b) - sum) < 1e-10);
  }
}

}  // namespace

TEST_CASE("the marginal of an equation belongs to its drift and diffusion", "[sde]") {
  check_marginal(sf::VariancePreserving<double>{});
  check_marginal(sf::VariancePreserving<double>{sf::LinearSchedule<double>{0, 5}});
  check_marginal(sf::VariancePreserving<double>{sf::LinearSchedule<double>{4, 1}});
  check_marginal(sf::VariancePreserving<double, Wave>{});
  check_marginal(OrnsteinUhlenbeck{});
}

TEST_CASE("the integral of a schedule is that of its rate", "[sde]") {
  check_schedule(sf::LinearSchedule<double>{});
  check_schedule(sf::LinearSchedule<double>{0, 7});
  check_schedule(sf::LinearSchedule<double>{2, 0});
  check_schedule(Wave{});
}

TEST_CASE("a linear schedule goes from its first to its last rate", "[sde]") {
  const sf::LinearSchedule<double> schedule{0.1, 20};
  CHECK(schedule.rate(0) == 0.1);
  CHECK(schedule.rate(1) == Catch::Approx(20).epsilon(test::Tolerance<double>::formula));
  CHECK(schedule.integral(1) == Catch::Approx(10.05).epsilon(test::Tolerance<double>::formula));
}

TEST_CASE("the variance-preserving equation keeps a variance of 1", "[sde]") {
  const sf::VariancePreserving<double> sde;
  for (double t = 0; t <= 1; t += 0.01)
    CHECK(std::pow(sde.signal(t), 2) + std::pow(sde.deviation(t), 2) == Catch::Approx(1).epsilon(1e-15));
  CHECK(sde.signal(1) == Catch::Approx(std::exp(-5.025)).epsilon(1e-14));  // equation 29 at the defaults
}

TEST_CASE("an equation in float agrees with the one in double, also where the noise vanishes", "[sde]") {
  // The same numbers as parameters, so that rounding inside is what differs. At the end, exp(-5) multiplies the
  // rounding of its argument by 5. With 1 - exp in place of expm1, the deviation at t = 1e-6 would be 0.
  const sf::VariancePreserving<float> single{sf::LinearSchedule<float>{0.125f, 20}};
  const sf::VariancePreserving<double> twice{sf::LinearSchedule<double>{0.125, 20}};
  for (float t = 1e-12f; t <= 1; t *= 1.25f) {
    CAPTURE(t);
    const auto near = [](double x) { return Catch::Approx(x).epsilon(test::Tolerance<float>::formula); };
    CHECK(single.drift(t) == near(twice.drift(t)));
    CHECK(single.diffusion(t) == near(twice.diffusion(t)));
    CHECK(single.signal(t) == near(twice.signal(t)));
    CHECK(single.deviation(t) == near(twice.deviation(t)));
    CHECK(single.deviation(t) > 0);
  }
}

TEMPLATE_TEST_CASE("rates that are none are refused", "[sde]", float, double) {
  using Schedule = sf::LinearSchedule<TestType>;
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
  for (const auto& [first, last] : {std::pair<TestType, TestType>{-1, 2},
                                    {1, -2},
                                    {0, 0},
                                    {nan, 1},
                                    {1, nan},
                                    {infinity, 1},
                                    {1, infinity},
                                    {infinity, infinity}}) {
    CAPTURE(first, last);
    CHECK_THROWS_AS(Schedule(first, last), sf::InvalidArgument);
  }
  CHECK_NOTHROW(Schedule(0, 1));
  CHECK_NOTHROW(Schedule(1, 0));
  CHECK_THROWS_WITH(Schedule(-1, 2),
                    "LinearSchedule: expected finite rates beta_min >= 0 and beta_max >= 0, not both 0, got -1 and 2; "
                    "0.1 and 20 suit data of deviation about 1");
}
