#include "scorefield/sde/half_log_snr.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "scorefield/sde/linear_schedule.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// A schedule that does not know its inverse: beta(t) = 3 + 2 sin(5 t).
template <class S>
struct SmoothWave {
  using Scalar = S;
  Scalar rate(Scalar t) const { return 3 + 2 * std::sin(5 * t); }
  Scalar integral(Scalar t) const { return 3 * t + Scalar(0.8) * std::pow(std::sin(Scalar(2.5) * t), Scalar(2)); }
};

/// Brownian motion, dx = 3 dw: sigma = 3 sqrt(t), so that t = exp(-2 lambda) / 9.
template <class S>
struct BrownianMotion {
  using Scalar = S;
  Scalar drift(Scalar) const { return 0; }
  Scalar diffusion(Scalar) const { return 3; }
  Scalar signal(Scalar) const { return 1; }
  Scalar deviation(Scalar t) const { return 3 * std::sqrt(t); }
};

/// Brownian motion whose closed form says a time that rounding has moved beyond 1.
struct RoundsUp : BrownianMotion<double> {
  double time_of_half_log_snr(double) const { return 1 + 1e-15; }
};

template <class Scalar>
using Linear = sf::VariancePreserving<Scalar>;
template <class Scalar>
using Waving = sf::VariancePreserving<Scalar, SmoothWave<Scalar>>;

static_assert(sf::InvertibleSchedule<sf::LinearSchedule<float>>);
static_assert(!sf::InvertibleSchedule<SmoothWave<float>>);
static_assert(sf::detail::KnowsTimeOfHalfLogSnr<Linear<double>>);
static_assert(!sf::detail::KnowsTimeOfHalfLogSnr<Waving<double>>);
static_assert(!sf::detail::KnowsTimeOfHalfLogSnr<BrownianMotion<double>>);

/// There and back, for times from the smallest on and for ratios between.
template <class Equation>
void check_inverse(const Equation& sde) {
  using Scalar = typename Equation::Scalar;
  const double last = sf::half_log_snr(sde, Scalar(1));
  CHECK(sf::time_of_half_log_snr(sde, last) == 1);
  // The deviation at the smallest normal number of float is 1e-19 times a root of a rate, lambda then about 43.
  double worst = 0, before = 2;
  for (double lambda = last; lambda < 43; lambda += 0.0625) {
    const Scalar t = sf::time_of_half_log_snr(sde, lambda);
    CAPTURE(lambda, t);
    REQUIRE(t > 0);
    REQUIRE(static_cast<double>(t) < before);
    before = static_cast<double>(t);
    worst = std::max(worst, std::abs(sf::half_log_snr(sde, t) - lambda) / std::max(1.0, std::abs(lambda)));
  }
  // A time rounded by half an epsilon moves lambda by at most t |lambda'|, 10 at t = 1 and rates of 20, of that, where
  // |lambda| is 5; the signal exp(-5) and the deviation add as much.
  CHECK(worst < 4 * test::Tolerance<Scalar>::epsilon);
}

}  // namespace

TEMPLATE_TEST_CASE("the time of a signal-to-noise ratio is the inverse of the ratio", "[sde]", float, double) {
  check_inverse(Linear<TestType>{});
  check_inverse(Linear<TestType>{sf::LinearSchedule<TestType>{0, 7}});
  check_inverse(Linear<TestType>{sf::LinearSchedule<TestType>{4, 0}});
  check_inverse(Linear<TestType>{sf::LinearSchedule<TestType>{2, 2}});
  check_inverse(Waving<TestType>{});
  check_inverse(BrownianMotion<TestType>{});
}

TEST_CASE("half the logarithm of the signal-to-noise ratio is as its formula says", "[sde]") {
  CHECK(sf::half_log_snr(BrownianMotion<double>{}, 0.25) == Catch::Approx(-std::log(1.5)).epsilon(1e-14));
  // -1/2 log(exp(integral) - 1), the integral being 10.05 at t = 1.
  CHECK(sf::half_log_snr(Linear<double>{}, 1) == Catch::Approx(-std::log(std::expm1(10.05)) / 2).epsilon(1e-14));
  CHECK(std::isinf(sf::half_log_snr(Linear<float>{}, 0)));
}

TEMPLATE_TEST_CASE("bisection finds what the closed form says", "[sde]", float, double) {
  // A lambda that is rounded, by epsilon of up to 40 in double, is a time off by twice as much of itself.
  const auto near = [](double t, double lambda) {
    return Catch::Approx(t).epsilon(4 * std::max(1.0, std::abs(lambda)) * test::Tolerance<TestType>::epsilon);
  };
  const BrownianMotion<TestType> motion;
  for (double lambda = -1; lambda < 40; lambda += 0.37)
    CHECK(static_cast<double>(sf::time_of_half_log_snr(motion, lambda)) == near(std::exp(-2 * lambda) / 9, lambda));
  const Linear<TestType> linear;
  for (double lambda = -5; lambda < 40; lambda += 0.37) {
    CAPTURE(lambda);
    CHECK(static_cast<double>(sf::detail::bisect_half_log_snr(linear, lambda)) ==
          near(static_cast<double>(sf::time_of_half_log_snr(linear, lambda)), lambda));
  }
}

TEMPLATE_TEST_CASE("the largest signal-to-noise ratios have times above 0, and early ones", "[sde]", float, double) {
  for (const double lambda : {40.0, 60.0, 400.0, 1e300}) {
    for (const auto end : {TestType(0), TestType(20)}) {
      const auto t = sf::time_of_half_log_snr(Linear<TestType>{sf::LinearSchedule<TestType>{end, 20}}, lambda);
      CHECK((t > 0 && t < TestType(1e-10)));
    }
  }
}

TEMPLATE_TEST_CASE("signal-to-noise ratios that no time has are refused", "[sde]", float, double) {
  const BrownianMotion<TestType> sde;
  const double last = sf::half_log_snr(sde, 1), infinity = std::numeric_limits<double>::infinity();
  for (const double lambda : {last - 1e-3, -40.0, infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
    CAPTURE(lambda);
    CHECK_THROWS_AS(sf::time_of_half_log_snr(sde, lambda), sf::InvalidArgument);
  }
  CHECK_THROWS_WITH(sf::time_of_half_log_snr(sde, -40),
                    "time_of_half_log_snr: expected a finite number from -1.09861 on, which it is at t = 1, got -40; "
                    "the signal-to-noise ratio falls from infinity at t = 0");
  // What rounding made of lambda(1).
  CHECK(sf::time_of_half_log_snr(sde, std::nextafter(last, -2)) == 1);
  CHECK(sf::time_of_half_log_snr(sde, static_cast<TestType>(last)) == Catch::Approx(1));
  CHECK(sf::time_of_half_log_snr(RoundsUp{}, -1) == 1);
}
