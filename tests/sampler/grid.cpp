#include <algorithm>
#include <cmath>
#include <limits>

#include "scorefield/sampler/grid/exponential_grid.hpp"
#include "scorefield/sampler/grid/karras_grid.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/grid/quadratic_grid.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/rule/grid_rule.hpp"
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
  const sf::VariancePreserving<TestType> sde;
  for (const sf::Index steps : {1, 3, 10, 1000}) {
    const auto times = sf::time_grid("test", sf::UniformGrid{}, sde, {steps, 0});
    REQUIRE(times.size() == steps + 1);
    CHECK(times(0) == 1);
    CHECK(times(steps) == 0);
    for (sf::Index i = 0; i < steps; ++i)
      CHECK(times(i) - times(i + 1) ==
            Catch::Approx(1 / static_cast<double>(steps)).margin(std::numeric_limits<TestType>::epsilon()));
  }
}

TEMPLATE_TEST_CASE("the time grid goes to its last time in equal parts, and on to 0", "[sampler]", float, double) {
  const sf::VariancePreserving<TestType> sde;
  for (const sf::Index steps : {2, 3, 10, 1000}) {
    const auto times = sf::time_grid("test", sf::UniformGrid{}, sde, {steps, 0.05});
    REQUIRE(times.size() == steps + 1);
    CHECK(times(0) == 1);
    CHECK(times(steps - 1) == TestType(0.05));
    CHECK(times(steps) == 0);
    for (sf::Index i = 0; i + 1 < steps; ++i)
      CHECK(times(i) - times(i + 1) ==
            Catch::Approx(0.95 / static_cast<double>(steps - 1)).margin(std::numeric_limits<TestType>::epsilon()));
  }
  CHECK(sf::time_grid("test", sf::UniformGrid{}, sde, {1, 0.05}) == sf::Vector<TestType>{{1, 0}});
}

TEMPLATE_TEST_CASE("the grid in the signal-to-noise ratio goes from 1 to its last time in equal parts", "[sampler]",
                   float, double) {
  const sf::VariancePreserving<TestType> sde;
  const auto t_last = static_cast<TestType>(2e-3);
  for (const bool last_denoising : {false, true})
    for (const sf::Index steps : {1, 2, 3, 10, 1000}) {
      CAPTURE(last_denoising, steps);
      const auto times = sf::time_grid("test", sf::LogSnrGrid{}, sde, {steps, 2e-3, last_denoising});
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
  const auto make = [&](const V& times) { return sf::on_times(sf::Ddim{}, times).rule(sde).times().size(); };
  CHECK(make(V{{1, 0.5f, 0}}) == 3);
  CHECK(make(V{{0.1f, 0.5f, 1}}) == 3);
  for (const V& times : {V{}, V{{1}}, V{{0, 0.5f}}, V{{1, 0.5f, 0.7f}}, V{{1, 1}}, V{{2, 1}}, V{{1, -0.5f}},
                         V{{1, std::numeric_limits<float>::quiet_NaN()}}})
    CHECK_THROWS_AS(make(times), sf::InvalidArgument);
  CHECK_THROWS_WITH(make(V{{1, 0.25f, 0.5f, 0}}), scorefield::test::contains("got 0.25 and then 0.5;"));
  CHECK(sf::on_times(sf::Ddim{}, {1.0, 0.5, 0.0}).rule(sde).times() == V{{1, 0.5f, 0}});
  CHECK(sf::on_times(sf::Ddim{}, V{{1, 0.5f, 0}}.head(2)).rule(sde).times() == V{{1, 0.5f}});
  // The flow alone can be followed from data to noise.
  const V rising{{0.1f, 1}};
  CHECK_NOTHROW(sf::on_times(sf::EulerMaruyama{.stochasticity = 0}, rising).rule(sde));
  CHECK_NOTHROW(sf::on_times(sf::DpmSolverPlusPlus{}, rising).rule(sde));
  CHECK_THROWS_AS(sf::on_times(sf::EulerMaruyama{}, rising).rule(sde), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::on_times(sf::DpmSolverPlusPlus{.stochasticity = 1}, rising).rule(sde), sf::InvalidArgument);
}

TEMPLATE_TEST_CASE("every grid takes its steps in its own measure", "[sampler]", float, double) {
  const sf::VariancePreserving<TestType> sde;
  const auto check = [&](const auto& grid, const auto& measure) {
    const auto times = sf::time_grid("test", grid, sde, {11, 1e-2});
    REQUIRE(times.size() == 12);
    CHECK((times(0) == 1 && times(10) == TestType(1e-2) && times(11) == 0));
    const double first = measure(times(0)), last = measure(times(10));
    for (sf::Index i = 0; i <= 10; ++i)
      CHECK(measure(times(i)) ==
            Catch::Approx(first + static_cast<double>(i) / 10 * (last - first))
                .margin(30 * test::Tolerance<TestType>::epsilon * std::max(std::abs(first), std::abs(last))));
  };
  check(sf::UniformGrid{}, [](TestType t) { return static_cast<double>(t); });
  check(sf::QuadraticGrid{}, [](TestType t) { return std::sqrt(static_cast<double>(t)); });
  check(sf::ExponentialGrid{}, [](TestType t) { return std::log(static_cast<double>(t)); });
  check(sf::LogSnrGrid{}, [&](TestType t) { return sf::half_log_snr(sde, t); });
  for (const double rho : {1.0, 3.0, 7.0})
    check(sf::KarrasGrid{.rho = rho}, [&](TestType t) { return std::exp(-sf::half_log_snr(sde, t) / rho); });
}

TEST_CASE("grids in the signal-to-noise ratio begin with a step to where some signal is", "[sampler]") {
  const AllNoise sde;
  for (const bool last_denoising : {false, true})
    for (const sf::Index steps : {1, 2, 3, 10, 40}) {
      const auto check = [&](const auto& grid) {
        const auto times = sf::time_grid("test", grid, sde, {steps, 1e-3, last_denoising});
        REQUIRE(times.size() == steps + 1);
        const sf::Index n = last_denoising ? steps - 1 : steps;
        CHECK((times(0) == 1 && (n == 0 || times(n) == 1e-3)));
        if (n > 1) CHECK(times(1) == 1 - 1e-3);
        for (sf::Index i = 0; i < steps; ++i) CHECK(times(i) > times(i + 1));
      };
      check(sf::LogSnrGrid{});
      check(sf::KarrasGrid{});
      check(sf::ExponentialGrid{});
    }
}

TEST_CASE("a grid that cannot be made is refused", "[sampler]") {
  const auto grid = [](const sf::GridEnds& ends, const auto& sde) {
    return sf::time_grid("Method", sf::LogSnrGrid{}, sde, ends);
  };
  const sf::VariancePreserving<float> sde;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(grid({0, 1e-3, true}, sde), sf::InvalidArgument);
  CHECK_THROWS_WITH(grid({-1, 1e-3, true}, sde),
                    "Method: expected at least 1 step, got -1; 10 to 50 are usual, and 1000 for Euler-Maruyama");
  CHECK_THROWS_WITH(sf::time_grid("Method", sf::UniformGrid{}, sde, {std::numeric_limits<sf::Index>::max(), 0}),
                    contains("Method: expected fewer than 281474976710656 steps, got "));
  CHECK_THROWS_WITH(sf::time_grid("Method", sf::UniformGrid{}, sde, {10, 0.99999999}),  // 1 in float
                    "Method: expected t_last in [0, 1), got 1; 1e-3 is usual");
  for (const double t_last : {0.0, 1.0, -0.5, 1e-60, nan})  // 1e-60 is 0 in float
    CHECK_THROWS_AS(grid({10, t_last, true}, sde), sf::InvalidArgument);
  CHECK_THROWS_WITH(grid({10, 1, true}, sde), "Method: expected t_last in (0, 1), got 1; 1e-3 is usual");
  const sf::VariancePreserving<double, Pausing> pausing;
  CHECK_THROWS_AS(grid({1, 0.5, false}, pausing), sf::InvalidArgument);
  CHECK_THROWS_WITH(grid({1, 0.5, false}, pausing),
                    contains("Method: expected steps that change the signal-to-noise ratio, got times 1 and 0.5 "
                             "without a difference; take fewer steps"));
  CHECK_NOTHROW(grid({10, 0.1, false}, pausing));
}
