// Annealed Langevin dynamics on normal data, at each level and from level to level.
#include "scorefield/sampler/rule/annealed_langevin.hpp"

#include <cmath>

#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "sampler/linear_moments.hpp"
#include "sampler/normal_denoiser.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;

TEST_CASE("Langevin dynamics comes to the samples of a level", "[sampler]") {
  const auto check = [](const auto& sde) {
    const sf::test::NormalDenoiser model(0.5, 0.25, 1, sde);
    const double t = 0.25, next = 0.125, alpha = sde.signal(t), sigma = sde.deviation(t);
    for (const double size : {0.1, 0.5}) {
      CAPTURE(t, size);
      const sf::AnnealedLangevin method{.moves = 1000, .step_size = size};
      const auto moments = sf::test::linear_moments(model, sf::on_times(method, {t, next}).rule(sde), 7);
      // A move takes k = size sigma^2 / v of x away and adds 2 size sigma^2 to its square, of which v / (1 - k / 2) is
      // left alone. After 1,000 moves (1 - k)^1000 is left of 7.
      const double v = alpha * alpha * 0.25 + sigma * sigma, k = size * sigma * sigma / v;
      REQUIRE(std::pow(1 - k, 1000) < 1e-12);
      const double ratio = sde.signal(next) / alpha;
      CHECK(moments.back().mean == Catch::Approx(ratio * alpha * 0.5).epsilon(1e-9));
      CHECK(moments.back().variance == Catch::Approx(ratio * ratio * v / (1 - k / 2)).epsilon(1e-9));
    }
  };
  check(sf::VariancePreserving<double>{});
  check(sf::EdmEquation<double>{2});
}

TEST_CASE("annealed Langevin dynamics draws the data, the nearer the more levels", "[sampler]") {
  const sf::VarianceExploding<double> sde{0.01, 2};
  const sf::test::NormalDenoiser model(0.5, 0.25, 1, sde);
  // Where a level's noise is small beside the data, moves of its size hardly change them: what levels above left too
  // wide stays so.
  double before = 1;
  for (const sf::Index steps : {6, 11, 41}) {
    CAPTURE(steps);
    const auto rule = sf::on_grid(sf::AnnealedLangevin{.steps = steps, .moves = 200}, sf::LogSnrGrid{}).rule(sde);
    const auto moments = sf::test::linear_moments(model, rule, 0);
    CHECK(moments.back().mean == Catch::Approx(0.5).epsilon(1e-3));
    const double excess = std::sqrt(moments.back().variance) / 0.5 - 1;
    CHECK((excess > 0 && excess < before));
    before = excess;
  }
  CHECK(before < 0.02);
}

TEST_CASE("annealed Langevin dynamics refuses numbers that mean nothing", "[sampler]") {
  const sf::VarianceExploding<double> sde;
  for (const sf::Index moves : {0, 1001})
    CHECK_THROWS_WITH(sf::on_times(sf::AnnealedLangevin{.moves = moves}, {1.0, 0.5}).rule(sde),
                      scorefield::test::contains("AnnealedLangevin: expected moves in [1, 1000] and step_size in"));
  for (const double size : {0.0, 1.1, std::nan("")})
    CHECK_THROWS_AS(sf::on_times(sf::AnnealedLangevin{.step_size = size}, {1.0, 0.5}).rule(sde), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::on_times(sf::AnnealedLangevin{}, {0.5, 1.0}).rule(sde), sf::InvalidArgument);
}
