#include <algorithm>
#include <cmath>
#include <limits>

#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

/// Its signal, 1 - t, is gone at t = 1.
struct AllNoise {
  using Scalar = double;
  double drift(double t) const { return -1 / (1 - t); }
  double diffusion(double t) const { return std::sqrt(2 / (1 - t)); }
  double signal(double t) const { return 1 - t; }
  double deviation(double t) const { return std::sqrt(t * (2 - t)); }
};

/// beta(t) = 10 up to t = 1/4, and nothing after.
struct Pausing {
  using Scalar = double;
  double rate(double t) const { return t < 0.25 ? 10 : 0; }
  double integral(double t) const { return 10 * std::min(t, 0.25); }
};

}  // namespace

TEMPLATE_TEST_CASE("the time grid goes from 1 to 0, both exactly", "[sampler]", float, double) {
  for (const sf::Index steps : {1, 3, 10, 1000}) {
    const auto times = sf::uniform_time_grid<TestType>("test", steps);
    REQUIRE(times.size() == steps + 1);
    CHECK(times(0) == 1);
    CHECK(times(steps) == 0);
    for (sf::Index i = 0; i < steps; ++i)
      CHECK(times(i) - times(i + 1) ==
            Catch::Approx(1 / static_cast<double>(steps)).margin(std::numeric_limits<TestType>::epsilon()));
  }
}

TEMPLATE_TEST_CASE("the time grid goes to its last time in equal parts, and on to 0", "[sampler]", float, double) {
  for (const sf::Index steps : {2, 3, 10, 1000}) {
    const auto times = sf::uniform_time_grid<TestType>("test", steps, 0.05);
    REQUIRE(times.size() == steps + 1);
    CHECK(times(0) == 1);
    CHECK(times(steps - 1) == TestType(0.05));
    CHECK(times(steps) == 0);
    for (sf::Index i = 0; i + 1 < steps; ++i)
      CHECK(times(i) - times(i + 1) ==
            Catch::Approx(0.95 / static_cast<double>(steps - 1)).margin(std::numeric_limits<TestType>::epsilon()));
  }
  CHECK(sf::uniform_time_grid<TestType>("test", 1, 0.05) == sf::Vector<TestType>{{1, 0}});
}

TEMPLATE_TEST_CASE("the grid in the signal-to-noise ratio goes from 1 to its last time in equal parts", "[sampler]",
                   float, double) {
  const sf::VariancePreserving<TestType> sde;
  const auto t_last = static_cast<TestType>(2e-3);
  for (const bool last_denoising : {false, true})
    for (const sf::Index steps : {1, 2, 3, 10, 1000}) {
      CAPTURE(last_denoising, steps);
      const auto times = sf::log_snr_time_grid("test", sde, {steps, 2e-3, last_denoising});
      REQUIRE(times.size() == steps + 1);
      CHECK(times(0) == 1);
      const sf::Index intervals = last_denoising ? steps - 1 : steps;
      if (last_denoising) CHECK(times(steps) == 0);
      if (intervals > 0) CHECK(times(intervals) == t_last);
      const double first = sf::half_log_snr(sde, 1), last = sf::half_log_snr(sde, t_last);
      for (sf::Index i = 1; i <= intervals; ++i)
        CHECK(std::abs(sf::half_log_snr(sde, times(i)) - first -
                       static_cast<double>(i) / static_cast<double>(intervals) * (last - first)) <
              30 * test::Tolerance<TestType>::epsilon);  // of ratios up to 5
    }
}

TEST_CASE("a rule refuses times that neither fall nor rise from above 0", "[sampler]") {
  using V = sf::Vector<float>;
  const sf::VariancePreserving<float> sde;
  const auto make = [&](const V& times) { return sf::DdimRule{sde, times}.times().size(); };
  CHECK(make(V{{1, 0.5f, 0}}) == 3);
  CHECK(make(V{{0.1f, 0.5f, 1}}) == 3);
  for (const V& times : {V{}, V{{1}}, V{{0, 0.5f}}, V{{1, 0.5f, 0.7f}}, V{{1, 1}}, V{{2, 1}}, V{{1, -0.5f}},
                         V{{1, std::numeric_limits<float>::quiet_NaN()}}})
    CHECK_THROWS_AS(make(times), sf::InvalidArgument);
  // The flow alone can be followed from data to noise.
  const V rising{{0.1f, 1}};
  CHECK_NOTHROW(sf::EulerMaruyamaRule{sde, rising, 0});
  CHECK_NOTHROW(sf::DpmSolverPlusPlusRule{sde, rising, 0});
  CHECK_THROWS_AS((sf::EulerMaruyamaRule{sde, rising}), sf::InvalidArgument);
  CHECK_THROWS_AS((sf::DpmSolverPlusPlusRule{sde, rising, 1}), sf::InvalidArgument);
}

TEST_CASE("a grid that cannot be made is refused", "[sampler]") {
  const auto grid = [](sf::LogSnrGrid of, const auto& sde) { return sf::log_snr_time_grid("Method", sde, of); };
  const sf::VariancePreserving<float> sde;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(grid({0, 1e-3, true}, sde), sf::InvalidArgument);
  CHECK_THROWS_WITH(grid({-1, 1e-3, true}, sde), "Method: expected at least 1 step, got -1; 20 to 50 are usual");
  CHECK_THROWS_WITH(sf::uniform_time_grid<float>("Method", std::numeric_limits<sf::Index>::max()),
                    contains("Method: expected fewer than 281474976710656 steps, got "));
  CHECK_THROWS_WITH(sf::uniform_time_grid<float>("Method", 10, 0.99999999),  // 1 in float
                    "Method: expected t_last in [0, 1), got 1; 0 is usual, or for images up to 0.05");
  for (const double t_last : {0.0, 1.0, -0.5, 1e-60, nan})  // 1e-60 is 0 in float
    CHECK_THROWS_AS(grid({10, t_last, true}, sde), sf::InvalidArgument);
  CHECK_THROWS_WITH(grid({10, 1, true}, sde), "Method: expected t_last in (0, 1), got 1; 1e-3 is usual");
  CHECK_THROWS_AS(grid({10, 1e-3, true}, AllNoise{}), sf::InvalidArgument);
  CHECK_THROWS_WITH(grid({10, 1e-3, true}, AllNoise{}),
                    contains("Method: expected an equation with some signal and some noise at t = 1, got 0 and 1;"));
  const sf::VariancePreserving<double, Pausing> pausing;
  CHECK_THROWS_AS(grid({1, 0.5, false}, pausing), sf::InvalidArgument);
  CHECK_THROWS_WITH(grid({1, 0.5, false}, pausing),
                    contains("Method: expected steps that change the signal-to-noise ratio, got times 1 and 0.5 "
                             "without a difference; take fewer steps"));
  CHECK_NOTHROW(grid({10, 0.1, false}, pausing));
}
