// Distributions of the training time against closed forms: means over t that weights keep, and quantiles.
#include "scorefield/objective/time.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "scorefield/objective/time/detail/normal_quantile.hpp"
#include "scorefield/sde/half_log_snr.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

static_assert(sf::TimeDistribution<sf::UniformTime> && sf::TimeDistribution<sf::PowerLawTime>);
static_assert(sf::TimeDistribution<sf::LikelihoodTime> && sf::TimeDistribution<sf::StratifiedTime<sf::LikelihoodTime>>);
static_assert(sf::TimeDistribution<sf::LogNormalSigma> && sf::TimeDistribution<sf::LogitNormalTime>);
static_assert(sf::TimeDistribution<sf::LevelTime>);

struct WithoutEquation : sf::UniformTime {
  sf::WeightedTime<float> draw(float u, sf::Index, sf::Index) const { return {u, 1}; }
};
static_assert(!sf::TimeDistribution<WithoutEquation>);

constexpr double infinity = std::numeric_limits<double>::infinity();

/// alpha = 1 - t, sigma = t: nothing of the signal is left at t = 1.
struct Straight {
  using Scalar = double;
  double drift(double t) const { return -1 / (1 - t); }
  double signal(double t) const { return 1 - t; }
  double deviation(double t) const { return t; }
  double diffusion(double t) const { return std::sqrt(2 * t / (1 - t)); }
};

/// alpha = 1, sigma = 0.01 5000^t: noise from 0.01 to 50, some of it from the start.
struct Exploding {
  using Scalar = double;
  double drift(double) const { return 0; }
  double signal(double) const { return 1; }
  double deviation(double t) const { return 0.01 * std::pow(5000, t); }
  double diffusion(double t) const { return deviation(t) * std::sqrt(2 * std::log(5000)); }
};

/// No noise comes before t = 0.1.
struct Late : Straight {
  double deviation(double t) const { return std::max(0.0, t - 0.1); }
};

/// The mean of weight(t) f(t) over u, by the midpoint rule.
template <class F>
double mean_over(const auto& times, const auto& sde, const F& f) {
  constexpr int nodes = 20'000;
  double sum = 0;
  for (int i = 0; i < nodes; ++i) {
    const auto [t, weight] = times.draw(sde, (i + 0.5) / nodes, 0, 1);
    sum += weight * f(t);
  }
  return sum / nodes;
}

double level_at(const auto& sde, double t) { return sde.deviation(t) / sde.signal(t); }

}  // namespace

TEST_CASE("weights keep the mean over uniform times where the contract says so", "[objective]") {
  // The mean of cos(3 t) over [a, b].
  const auto f = [](double t) { return std::cos(3 * t); };
  const auto expected = [](double a, double b) { return (std::sin(3 * b) - std::sin(3 * a)) / (3 * (b - a)); };
  const auto check = [&](const auto& times, const auto& sde, double a, double b) {
    // The midpoint rule with steps of at most 0.5 in ln t: 1e-7 and less of the mean.
    CHECK(mean_over(times, sde, f) == Catch::Approx(expected(a, b)).epsilon(1e-6));
  };
  const sf::VariancePreserving<double> preserving;
  check(sf::UniformTime{}, preserving, 1e-4, 1);
  check(sf::PowerLawTime{}, preserving, 1e-4, 1);
  check(sf::LikelihoodTime{}, preserving, 1e-4, 1);
  check(sf::LikelihoodTime{.t_min = 1e-3, .t_max = 0.7}, preserving, 1e-3, 0.7);
  check(sf::LikelihoodTime{}, Exploding{}, 1e-4, 1);
  check(sf::LikelihoodTime{.t_max = 0.99}, Straight{}, 1e-4, 0.99);
}

TEST_CASE("likelihood times are uniform in the log signal-to-noise ratio, and flatten the likelihood weighting",
          "[objective]") {
  const sf::VariancePreserving<double> sde;
  const sf::LikelihoodTime times{.t_min = 1e-3};
  const double first = sf::half_log_snr(sde, 1e-3), last = sf::half_log_snr(sde, 1.0);
  double flat = 0;
  for (const double u : {1e-6, 0.1, 0.5, 0.9, 1.0}) {
    const auto [t, weight] = times.draw(sde, u, 0, 1);
    CHECK(sf::half_log_snr(sde, t) == Catch::Approx(first + u * (last - first)).epsilon(1e-9));
    const double weighted = weight * std::pow(sde.diffusion(t) / sde.deviation(t), 2);  // of an error of the noise
    if (flat == 0) flat = weighted;
    CHECK(weighted == Catch::Approx(flat).epsilon(1e-12));
  }
  CHECK(times.draw(sde, 1.0, 0, 1).t == 1);
}

TEST_CASE("likelihood times are refused where no signal is left, or no noise is there", "[objective]") {
  CHECK_THROWS_WITH(sf::LikelihoodTime{}.validate(Straight{}),
                    contains("LikelihoodTime: expected an equation with some signal at t_max = 1, got 0; take an "
                             "earlier t_max"));
  CHECK_NOTHROW(sf::LikelihoodTime{.t_max = 0.99}.validate(Straight{}));
  CHECK_THROWS_WITH((sf::LikelihoodTime{.t_max = 0.99}.validate(Late{})),
                    contains("expected an equation with some noise at t_min = 0.0001, got none"));
  CHECK_THROWS_AS(sf::LikelihoodTime{.t_min = 0}.validate(Exploding{}), sf::InvalidArgument);
  for (const double t_max : {1e-4, 1.1, std::nan("")})
    CHECK_THROWS_AS(sf::LikelihoodTime{.t_max = t_max}.validate(Exploding{}), sf::InvalidArgument);
}

TEST_CASE("the quick normal quantile is that of the error function", "[objective]") {
  for (const double z : {-5.9, -4.0, -2.5, -1.97, -1.0, -1e-3, 0.0, 0.3, 1.9, 2.0, 4.5})
    CHECK(sf::detail::approximate_normal_quantile(sf::detail::normal_share_below(z)) ==
          Catch::Approx(z).epsilon(3e-9).margin(3e-9));  // 1.2e-9, and the rounding of 1 - p near 1
  CHECK(std::abs(sf::detail::bounded_normal_quantile(0)) == Catch::Approx(6).epsilon(1e-4));
  CHECK(sf::detail::bounded_normal_quantile(1) == Catch::Approx(6).epsilon(1e-4));
}

TEST_CASE("log-normal noise levels have the quantiles of theirs, cut to what the equation has", "[objective]") {
  const sf::LogNormalSigma times{.mean = -1, .deviation = 1.5};
  const auto check = [&](const auto& sde, double lowest, double highest) {
    const auto share = [&](double level) { return std::erfc(-(std::log(level) + 1) / 1.5 / std::sqrt(2.0)) / 2; };
    const double below = lowest > 0 ? share(lowest) : 0, through = highest < infinity ? share(highest) : 1;
    for (const double u : {1e-7, 0.01, 0.3, 0.5, 0.8, 0.999, 1.0}) {
      CAPTURE(u, lowest);
      const auto [t, weight] = times.draw(sde, u, 0, 1);
      REQUIRE((t > 0 && t <= 1));
      CHECK(weight == 1);
      const double level = level_at(sde, t);
      CHECK((level >= lowest * (1 - 1e-12) && level <= highest * (1 + 1e-12)));
      // The quick quantile's 1.2e-9 of z, times the density; and six deviations.
      CHECK((share(level) - below) / (through - below) == Catch::Approx(u).margin(1e-8));
    }
  };
  check(Exploding{}, 0.01, 50);
  check(Straight{}, 0, infinity);
  const sf::VariancePreserving<double> preserving;
  check(preserving, 0, level_at(preserving, 1));
}

TEST_CASE("log-normal noise levels are refused where the equation has next to none of them", "[objective]") {
  CHECK_NOTHROW(sf::LogNormalSigma{}.validate(Exploding{}));
  CHECK_THROWS_WITH(sf::LogNormalSigma{.mean = 20}.validate(Exploding{}),
                    contains("LogNormalSigma: expected an equation that has at least 0.001 of the noise levels"));
  CHECK_NOTHROW(sf::LogNormalSigma{.mean = 20}.validate(Straight{}));
  for (const double bad : {0.0, -1.0, infinity, std::nan("")})
    CHECK_THROWS_AS(sf::LogNormalSigma{.deviation = bad}.validate(Straight{}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::LogNormalSigma{.mean = infinity}.validate(Straight{}), sf::InvalidArgument);
}

TEST_CASE("logit-normal times have the quantiles of theirs", "[objective]") {
  const sf::LogitNormalTime times{.mean = 0.5, .deviation = 0.8};
  for (const double u : {1e-6, 0.1, 0.5, 0.77, 0.9999}) {
    const auto [t, weight] = times.draw(Straight{}, u, 0, 1);
    CHECK(weight == 1);
    CHECK(std::erfc(-(std::log(t / (1 - t)) - 0.5) / 0.8 / std::sqrt(2.0)) / 2 == Catch::Approx(u).margin(1e-8));
  }
  for (const float u : {std::numeric_limits<float>::min(), 1.0f}) {
    const auto t = sf::LogitNormalTime{.mean = 10, .deviation = 10}.draw(sf::VariancePreserving<float>{}, u, 0, 1).t;
    CHECK((t > 0 && t <= 1));
  }
  for (const double bad : {0.0, 11.0, std::nan("")})
    CHECK_THROWS_AS(sf::LogitNormalTime{.deviation = bad}.validate(Straight{}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::LogitNormalTime{.mean = -11}.validate(Straight{}), sf::InvalidArgument);
}

TEST_CASE("times at given noise levels are at each alike", "[objective]") {
  const std::vector<double> levels{50, 2, 0.01};  // the equation's own ends among them
  const sf::LevelTime times{levels};
  CHECK_NOTHROW(times.validate(Exploding{}));
  for (std::size_t i = 0; i < 3; ++i)
    for (const double within : {1e-9, 0.5, 1.0}) {
      const auto [t, weight] = times.draw(Exploding{}, (static_cast<double>(i) + within) / 3, 0, 1);
      CHECK(weight == 1);
      CHECK((t > 0 && t <= 1));
      CHECK(level_at(Exploding{}, t) == Catch::Approx(levels[i]).epsilon(1e-12));
    }
  const auto stratified = sf::StratifiedTime{sf::LevelTime{{0.3}}}.draw(Straight{}, 0.4, 1, 5);
  CHECK(level_at(Straight{}, stratified.t) == Catch::Approx(0.3).epsilon(1e-12));

  CHECK_THROWS_WITH(sf::LevelTime{}.validate(Exploding{}), contains("LevelTime: expected at least one noise level"));
  for (const double bad : {51.0, 0.0099, 0.0, -1.0, std::nan("")})
    CHECK_THROWS_WITH(sf::LevelTime{{bad}}.validate(Exploding{}), contains("that the equation has, from 0.01 to 50"));
  CHECK_THROWS_AS(sf::LevelTime{{infinity}}.validate(Straight{}), sf::InvalidArgument);
  CHECK(times.settings() == "LevelTime{levels 50 2 0.01}");
}

TEST_CASE("geometric levels are each the same multiple of the one before", "[objective]") {
  const auto levels = sf::geometric_levels(1, 0.01, 5);
  REQUIRE(levels.size() == 5);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(levels[i] == Catch::Approx(std::pow(0.01, static_cast<double>(i) / 4)).epsilon(1e-14));
  CHECK(sf::geometric_levels(0.3, 0.1, 1) == std::vector<double>{0.3});
  CHECK(sf::geometric_levels(0.3, 0.1, 2).back() == Catch::Approx(0.1).epsilon(1e-12));
  CHECK_THROWS_AS(sf::geometric_levels(0, 1, 3), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::geometric_levels(1, infinity, 3), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::geometric_levels(1, 0.1, 0), sf::InvalidArgument);
}
