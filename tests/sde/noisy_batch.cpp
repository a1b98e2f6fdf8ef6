#include "scorefield/sde/noisy_batch.hpp"

#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;

TEST_CASE("noise levels are those of their times, column by column", "[sde]") {
  const sf::VariancePreserving<double> sde;
  sf::NoiseLevels<double> levels(3);
  const double times[] = {0.1, 0.5, 0.9};
  for (sf::Index j = 0; j < 3; ++j) levels.set(j, sde, times[j]);
  const sf::Matrix<double> x = sf::Matrix<double>::Ones(2, 3), told = sf::Matrix<double>::Ones(4, 3);
  const auto batch = levels.around(sf::view(x), sf::view(told));
  REQUIRE(batch.size() == 3);
  for (sf::Index j = 0; j < 3; ++j) {
    CHECK(batch.t(j) == times[j]);
    CHECK(batch.alpha(j) == sde.signal(times[j]));
    CHECK(batch.sigma(j) == sde.deviation(times[j]));
  }
  CHECK(batch.condition.data() == told.data());
  CHECK(levels.around(sf::view(x)).condition.rows() == 0);
  CHECK(levels.around(sf::view(x)).condition.cols() == 3);

  levels.fill(2, sde, 0.25);
  const auto some = levels.around(sf::columns(x, 0, 2));
  CHECK((some.t(0) == 0.25 && some.t(1) == 0.25));
  CHECK((some.alpha(1) == sde.signal(0.25) && some.sigma(1) == sde.deviation(0.25)));
  CHECK(levels.around(sf::view(x)).t(2) == 0.9);
}
