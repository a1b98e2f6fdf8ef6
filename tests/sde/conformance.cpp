// What scorefield/sde/concept.hpp promises, for every equation and schedule.
#include "scorefield/sde.hpp"
#include "scorefield/sde/any_sde.hpp"

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

/// f(equation) for equations of the library, of the defaults and of others, whose parameters floats hold exactly.
template <class S, class F>
void for_each_equation(const F& f) {
  const auto driven = [&](const auto& schedule) {
    f(sf::VariancePreserving{schedule});
    f(sf::SubVariancePreserving{schedule});
  };
  const sf::CosineSchedule<S> cosine;
  const sf::SigmoidSchedule<S> sigmoid;
  driven(sf::LinearSchedule<S>{S(0.125), 20});
  driven(sf::LinearSchedule<S>{4, 1});
  driven(cosine);
  driven(sigmoid);
  driven(sf::ShiftedSchedule{cosine, S(-1)});
  f(sf::VariancePreserving{sf::CosineSchedule<S>{-3}});
  f(sf::VariancePreserving{sf::SigmoidSchedule<S>({.start = 0, .end = 3, .temperature = S(0.5)})});
  f(sf::VariancePreserving{sf::SigmoidSchedule<S>({.start = -5, .end = 1, .half_log_snr_min = -4})});
  f(sf::VariancePreserving{sf::ShiftedSchedule{sigmoid, S(0.5)}});
  f(sf::VariancePreserving{sf::ShiftedSchedule{sf::LinearSchedule<S>{0, 8}, S(-2)}});
  f(sf::VarianceExploding<S>{S(0.0625), 50});
  f(sf::VarianceExploding<S>{1, 3});
  f(sf::EdmEquation<S>{});
  f(sf::EdmEquation<S>{2});
  f(sf::RectifiedFlow<S>{});
}

template <sf::Sde S>
std::string name_of(const S& sde) {
  if constexpr (sf::HasSettings<S>)
    return sde.settings();
  else
    return "an equation of a test";
}

template <sf::Sde S>
void check_marginal(const S& sde) {
  CAPTURE(name_of(sde));
  CHECK(sde.signal(0) == 1);
  CHECK(sde.deviation(0) == 0);

  // Against the moment equations, solved from 0 on to where the rate is 40 at most, for it may grow without bound. At
  // 4,000 steps of h = 1/4000 the method's error of fourth order is about (40 h)^4 / 120 = 1e-10 of the moments, and
  // alpha shrinks it as it does the moments; 4,000 roundings are 1e-12 of them.
  constexpr int steps = 4000;
  Moments m{1, 0};
  double worst = 0;
  for (int k = 0; k < steps && std::abs(sde.drift(static_cast<double>(k + 1) / steps)) < 20; ++k) {
    m = advanced(sde, m, static_cast<double>(k) / steps, 1.0 / steps);
    const double t = static_cast<double>(k + 1) / steps, variance = std::pow(sde.deviation(t), 2);
    worst = std::max(
        {worst, std::abs(m.signal - sde.signal(t)), std::abs(m.variance - variance) / std::max(1.0, variance)});
  }
  CHECK(worst < 1e-9);

  // The same without integration: central differences are off by h^2 / 6 times third derivatives of up to 10^4 times
  // the value or the slope, and by some 1e-16 / h of the value.
  constexpr double h = 1e-6;
  for (double t = 0.005; t < 0.99; t += 0.01) {
    const double f = sde.drift(t), g = sde.diffusion(t), alpha = sde.signal(t), sigma = sde.deviation(t);
    const auto check = [&](auto of, double slope) {
      return std::abs((of(t + h) - of(t - h)) / (2 * h) - slope) < 1e-8 * std::max({1.0, std::abs(slope), of(t)});
    };
    const auto signal = [&](double s) { return sde.signal(s); };
    const auto deviation = [&](double s) { return sde.deviation(s); };
    CAPTURE(t);
    CHECK(check(signal, f * alpha));
    CHECK(check([&](double s) { return std::pow(sde.deviation(s), 2); }, 2 * f * sigma * sigma + g * g));
    CHECK(check(signal, sf::signal_slope(sde, t)));
    CHECK(check(deviation, sf::deviation_slope(sde, t)));
  }
}

template <sf::NoiseSchedule S>
void check_schedule(const S& schedule) {
  CHECK(schedule.integral(0) == 0);
  // Simpson's rule on 4,000 intervals, as far as the rate is at most 30: off by h^4 / 2880 times a fourth derivative of
  // some 10^7 then, where it grows as 1 / (1 - t).
  constexpr int n = 4000;
  double sum = 0;
  int k = 0;
  for (; k < n; ++k) {
    const double a = static_cast<double>(k) / n, b = static_cast<double>(k + 1) / n;
    REQUIRE(schedule.rate(a) >= 0);
    if (schedule.rate(b) > 30) break;
    sum += (schedule.rate(a) + 4 * schedule.rate((a + b) / 2) + schedule.rate(b)) * (b - a) / 6;
    REQUIRE(std::abs(schedule.integral(b) - sum) < 1e-10);
  }
  CHECK(k > n * 8 / 10);
}

/// There and back, by t and by lambda, which a number rounded by epsilon, also of the integral that an exponential is
/// taken of, moves by some epsilon of max(1, |lambda|), and a time by t |lambda'|.
template <sf::Sde S>
void check_inverse_both_ways(const S& sde) {
  using Scalar = typename S::Scalar;
  const double last = sf::half_log_snr(sde, Scalar(1)), epsilon = test::Tolerance<Scalar>::epsilon;
  CAPTURE(name_of(sde));
  const auto check = [&](double lambda, double moved, Scalar t) {
    const double slope = static_cast<double>(sf::signal_slope(sde, t)) / static_cast<double>(sde.signal(t)) -
                         static_cast<double>(sf::deviation_slope(sde, t)) / static_cast<double>(sde.deviation(t));
    return std::abs(moved - lambda) <
           4 * epsilon * (std::max(1.0, std::abs(lambda)) + std::abs(static_cast<double>(t) * slope));
  };
  for (const double at : {1e-7, 1e-4, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999}) {
    const auto t = static_cast<Scalar>(at);
    const double lambda = sf::half_log_snr(sde, t);
    const Scalar back = sf::time_of_half_log_snr(sde, lambda);
    CAPTURE(t, back, lambda);
    CHECK(check(lambda, sf::half_log_snr(sde, back), t));
    CHECK(std::abs(back - t) < Scalar(1e-3) * t);
  }
  for (double lambda = std::max(last, -8.0) + 0.01; lambda < 12; lambda += 0.37) {
    const Scalar t = sf::time_of_half_log_snr(sde, lambda);
    CAPTURE(t, lambda, sf::half_log_snr(sde, t));
    REQUIRE((t > 0 && t <= 1));
    CHECK(check(lambda, sf::half_log_snr(sde, t), t));
  }
  CHECK(sf::time_of_half_log_snr(sde, std::max(last, -800.0)) == 1);
}

}  // namespace

TEST_CASE("the marginal of an equation belongs to its drift and diffusion", "[sde]") {
  for_each_equation<double>([](const auto& sde) { check_marginal(sde); });
  check_marginal(sf::VariancePreserving<double>{sf::LinearSchedule<double>{0, 5}});
  check_marginal(sf::VariancePreserving<double, Wave>{});
  check_marginal(OrnsteinUhlenbeck{});
}

TEMPLATE_TEST_CASE("the signal-to-noise ratio falls, and every time has its own", "[sde]", float, double) {
  for_each_equation<TestType>([](const auto& sde) {
    CAPTURE(sde.settings());
    double before = std::numeric_limits<double>::infinity();
    CHECK(sf::half_log_snr(sde, 0) == before);
    const auto check = [&](TestType t) {
      const double lambda = sf::half_log_snr(sde, t);
      CAPTURE(t);
      REQUIRE(lambda < before);
      before = lambda;
    };
    for (TestType t = TestType(1e-12); t < TestType(0.01); t *= TestType(1.25)) check(t);
    for (int i = 8; i <= 512; ++i) check(static_cast<TestType>(i) / 512);
    CHECK((sde.signal(1) >= 0 && sde.deviation(1) > TestType(0.9)));
    CHECK((sde.signal(1) > 0) == sf::leaves_signal<std::remove_cvref_t<decltype(sde)>>());
    CHECK(std::isfinite(before) == (sde.signal(1) > 0));
  });
}

TEMPLATE_TEST_CASE("the time of a ratio is its inverse, by times and by ratios", "[sde]", float, double) {
  for_each_equation<TestType>([](const auto& sde) {
    static_assert(sf::detail::KnowsTimeOfHalfLogSnr<std::remove_cvref_t<decltype(sde)>>);
    check_inverse_both_ways(sde);
  });
}

TEMPLATE_TEST_CASE("an equation comes back from its settings, and as any", "[sde]", float, double) {
  for_each_equation<TestType>([](const auto& sde) {
    using Equation = std::remove_cvref_t<decltype(sde)>;
    CAPTURE(sde.settings());
    const auto back = Equation::from_settings(sf::ReadSettings(sde.settings()));
    CHECK(back.settings() == sde.settings());
    CHECK_THROWS_AS(Equation::from_settings(sf::ReadSettings("Other{}")), sf::InvalidArgument);
    const sf::AnySde<TestType> any(sde);
    CHECK(any.settings() == sde.settings());
    for (const auto t : {TestType(1e-3), TestType(0.3), TestType(1)}) {
      CHECK(back.signal(t) == sde.signal(t));
      CHECK(back.deviation(t) == sde.deviation(t));
      CHECK(any.drift(t) == sde.drift(t));
      CHECK(any.diffusion(t) == sde.diffusion(t));
      CHECK(any.signal(t) == sde.signal(t));
      CHECK(any.deviation(t) == sde.deviation(t));
      CHECK(sf::signal_slope(any, t) == sf::signal_slope(sde, t));
      CHECK(sf::deviation_slope(any, t) == sf::deviation_slope(sde, t));
      CHECK(std::isfinite(sf::signal_slope(any, t)));
      CHECK(std::isfinite(sf::deviation_slope(any, t)));
    }
    CHECK(sf::time_of_half_log_snr(any, 1.5) == sf::time_of_half_log_snr(sde, 1.5));
  });
}

TEST_CASE("the integral of a schedule is that of its rate", "[sde]") {
  check_schedule(sf::LinearSchedule<double>{});
  check_schedule(sf::LinearSchedule<double>{0, 7});
  check_schedule(sf::LinearSchedule<double>{2, 0});
  check_schedule(sf::CosineSchedule<double>{});
  check_schedule(sf::SigmoidSchedule<double>{});
  check_schedule(sf::ShiftedSchedule{sf::CosineSchedule<double>{}, -0.5});
  check_schedule(Wave{});
}

TEST_CASE("schedules and equations are as their formulas say", "[sde]") {
  const auto near = [](double x) { return Catch::Approx(x).epsilon(1e-12); };
  const sf::VariancePreserving cosine{sf::CosineSchedule<double>{}};
  const sf::VariancePreserving sigmoid{sf::SigmoidSchedule<double>({.temperature = 0.9})};
  const sf::VariancePreserving shifted{sf::ShiftedSchedule{sf::CosineSchedule<double>{}, std::log(64.0 / 256)}};
  const sf::SubVariancePreserving<double> sub;
  const sf::VariancePreserving<double> linear;
  const double angle = std::atan(std::exp(7.5)), floor = 1 / (1 + std::exp(15.0));
  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x / 0.9)); };
  for (const double t : {0.01, 0.2, 0.5, 0.6, 0.9, 1.0}) {
    CAPTURE(t);
    CHECK(cosine.signal(t) == near(std::cos(angle * t)));
    CHECK(cosine.deviation(t) == near(std::sin(angle * t)));
    const double gamma = (logistic(3) - logistic(6 * t - 3)) / (logistic(3) - logistic(-3));
    CHECK(std::pow(sigmoid.signal(t), 2) == near(floor + (1 - floor) * gamma));
    CHECK(sf::half_log_snr(shifted, t) == near(sf::half_log_snr(cosine, t) - std::log(4.0)));
    CHECK(sub.signal(t) == near(linear.signal(t)));
    CHECK(sub.deviation(t) == near(std::pow(linear.deviation(t), 2)));  // equation 29: no root
  }
  CHECK(sf::half_log_snr(cosine, 1) == near(-7.5));
  CHECK(sf::half_log_snr(sigmoid, 1) == near(-7.5));
  const sf::VarianceExploding<double> exploding{0.01, 50};
  CHECK(exploding.deviation(1) == near(std::sqrt(2500 - 1e-4)));
  CHECK(exploding.diffusion(0.5) == near(0.01 * std::sqrt(5000.0) * std::sqrt(2 * std::log(5000.0))));  // equation 30
  CHECK(sf::EdmEquation<double>{}.deviation(0.25) == 20);
  const sf::RectifiedFlow<double> flow;
  CHECK((flow.signal(0.25) == 0.75 && flow.deviation(0.25) == 0.25));
  CHECK((flow.signal(1) == 0 && sf::half_log_snr(flow, 1) == -std::numeric_limits<double>::infinity()));
  CHECK((sf::signal_slope(flow, 1) == -1 && sf::deviation_slope(flow, 1) == 1));
  CHECK(sf::time_of_half_log_snr(flow, -800) == 1);
  CHECK(sf::time_of_half_log_snr(flow, 0) == 0.5);
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
  // The same numbers as parameters, so that rounding inside is what differs. At the end, exp(-7.5) multiplies the
  // rounding of its argument by 7.5. With 1 - exp in place of expm1, the deviation at t = 1e-6 would be 0.
  std::vector<sf::AnySde<double>> twice;
  for_each_equation<double>([&](const auto& sde) { twice.emplace_back(sde); });
  std::size_t next = 0;
  for_each_equation<float>([&](const auto& single) {
    const auto& exact = twice[next++];
    CAPTURE(single.settings());
    const auto check = [&](float t) {
      CAPTURE(t);
      const double at = static_cast<double>(t);
      const auto near = [](double x) { return Catch::Approx(x).epsilon(2 * test::Tolerance<float>::formula); };
      CHECK(single.drift(t) == near(exact.drift(at)));
      CHECK(single.diffusion(t) == near(exact.diffusion(at)));
      CHECK(single.signal(t) == near(exact.signal(at)));
      CHECK(single.deviation(t) == near(exact.deviation(at)));
      CHECK(sf::signal_slope(single, t) == near(exact.signal_slope(at)));
      CHECK(sf::deviation_slope(single, t) == near(exact.deviation_slope(at)));
      CHECK(single.deviation(t) > 0);
    };
    for (float t = 1e-12f; t < 1; t *= 1.5f) check(t);
    for (const float t : {0.95f, 0.999f, 0.999999f}) check(t);
    if (sf::leaves_signal<std::remove_cvref_t<decltype(single)>>()) check(1);
  });
}

TEMPLATE_TEST_CASE("rates that are none are refused", "[sde]", float, double) {
  using Schedule = sf::LinearSchedule<TestType>;
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
  constexpr TestType most = std::numeric_limits<TestType>::max();
  for (const auto& [first, last] : {std::pair<TestType, TestType>{-1, 2},
                                    {most, most},
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

TEMPLATE_TEST_CASE("parameters of equations and schedules that are none are refused", "[sde]", float, double) {
  constexpr TestType nan = std::numeric_limits<TestType>::quiet_NaN();
  constexpr TestType infinity = std::numeric_limits<TestType>::infinity();
  using Options = sf::SigmoidScheduleOptions<TestType>;
  for (const TestType bad : {nan, infinity, -infinity, TestType(-16), TestType(6)}) {
    CHECK_THROWS_AS(sf::CosineSchedule<TestType>(bad), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::SigmoidSchedule<TestType>(Options{.half_log_snr_min = bad}), sf::InvalidArgument);
  }
  for (const Options& bad : {Options{.start = 3}, Options{.start = nan}, Options{.end = nan}, Options{.end = infinity},
                             Options{.temperature = 0}, Options{.temperature = -1}, Options{.temperature = nan},
                             Options{.temperature = TestType(0.01)}, Options{.start = -infinity}})
    CHECK_THROWS_AS(sf::SigmoidSchedule<TestType>(bad), sf::InvalidArgument);
  for (const TestType bad : {nan, infinity, TestType(-11), TestType(11)})
    CHECK_THROWS_AS(sf::ShiftedSchedule(sf::LinearSchedule<TestType>{}, bad), sf::InvalidArgument);
  for (const TestType bad : {nan, infinity, TestType(0), TestType(-1)}) {
    CHECK_THROWS_AS(sf::EdmEquation<TestType>(bad), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::VarianceExploding<TestType>(bad, 50), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::VarianceExploding<TestType>(1, bad), sf::InvalidArgument);
  }
  CHECK_THROWS_AS(sf::VarianceExploding<TestType>(2, 2), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::EdmEquation<TestType>(0),
                    "EdmEquation: expected a positive, finite sigma_max, got 0; 80 is "
                    "usual for data of deviation 0.5 to 1");
}
