// Which samples can be asked for: of models, mixtures and toy distributions alike.
#include "scorefield/core/detail/sample_range.hpp"

#include <limits>

#include "scorefield/data.hpp"
#include "scorefield/data/image/glyphs.hpp"
#include "scorefield/model.hpp"
#include "scorefield/network.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

constexpr sf::Index most = std::numeric_limits<sf::Index>::max();

const sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8>{}, sf::Seed{0}};

}  // namespace

TEST_CASE("the last sample that a seed has can be drawn, and none after it", "[sampler]") {
  const sf::Ddim sampler{.steps = 2};
  const auto two = sf::sample(model, sampler, 2, sf::Seed{1}, {.first = sf::most_samples - 2});
  const auto last = sf::sample(model, sampler, 1, sf::Seed{1}, {.first = sf::most_samples - 1});
  CHECK(two.col(1) == last);
  CHECK(sf::sample(model, sampler, 0, sf::Seed{1}, {.first = sf::most_samples}).cols() == 0);
  CHECK_THROWS_WITH(sf::sample(model, sampler, 2, sf::Seed{1}, {.first = sf::most_samples - 1}),
                    test::contains("sample: expected a count and a first index >= 0, up to sample 2^48"));
  CHECK_THROWS_AS(sf::sample(model, sampler, 1, sf::Seed{1}, {.first = sf::most_samples}), sf::InvalidArgument);
}

TEST_CASE("counts that overflow are refused before anything is computed of them", "[sampler]") {
  for (const sf::Index count : {most, most - 1, most / 2 + 1, -most}) {
    CAPTURE(count);
    CHECK_THROWS_AS(sf::sample(model, sf::Ddim{}, count, sf::Seed{1}), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::start(model, sf::EulerMaruyama{}, count, sf::Seed{}), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::swiss_roll<float>(count), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::two_moons<float>(count), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::checkerboard<float>(count), sf::InvalidArgument);
    CHECK_THROWS_AS(sf::glyphs<float>(count), sf::InvalidArgument);
    const sf::GaussianMixture<double> mixture(sf::Vector<double>::Ones(1), sf::Matrix<double>::Zero(2, 1),
                                              {sf::Matrix<double>::Identity(2, 2)});
    CHECK_THROWS_AS(mixture.sample(count, sf::Seed{1}), sf::InvalidArgument);
  }
  // Many samples of many numbers each: it is their product that a matrix must index.
  CHECK_THROWS_WITH(sf::detail::check_sample_range("draw", most / 8, 9),
                    test::contains("draw: expected at most 8 samples of"));
  CHECK_NOTHROW(sf::detail::check_sample_range("draw", most / 8, 8));
}
