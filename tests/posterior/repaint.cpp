#include "scorefield/sampler/rule/repaint.hpp"

#include <cmath>

#include "scorefield/posterior/known.hpp"
#include "scorefield/sampler.hpp"

#include "posterior/mixture_model.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

TEST_CASE("RePaint's resampling draws the others given the known numbers, which replacement alone does not",
          "[posterior]") {
  // Two numbers of correlation 0.9, the first of which is 1: the second is N(0.9, 0.19).
  const test::MixtureModel model{sf::GaussianMixture<double>{
      sf::Vector<double>{{1}}, sf::Matrix<double>::Zero(2, 1), {sf::Matrix<double>{{1, 0.9}, {0.9, 1}}}}};
  const sf::Known known{model, {0}, sf::Vector<double>{{1}}};
  const sf::Index n = 2000;
  const auto error = [&](sf::Index resamplings) {
    const auto x = sf::sample(known, sf::RePaint{.steps = 30, .resamplings = resamplings}, n, sf::Seed{1});
    CHECK((x.row(0).array() == 1).all());
    const double mean = x.row(1).mean(), variance = (x.row(1).array() - mean).square().mean();
    return std::hypot(mean - 0.9, variance - 0.19);
  };
  const double with = error(20), without = error(1);
  CAPTURE(with, without);
  CHECK(with < 0.5 * without);
  // One resampling is ancestral sampling.
  const auto ancestral = sf::sample(model, sf::Ddim{.steps = 30, .eta = 1}, n, sf::Seed{1}),
             repainted = sf::sample(model, sf::RePaint{.steps = 30, .resamplings = 1}, n, sf::Seed{1});
  const auto moments = [](const sf::Matrix<double>& x) -> sf::Matrix<double> {
    return x * x.transpose() / static_cast<double>(x.cols());
  };
  CHECK((moments(ancestral) - moments(repainted)).cwiseAbs().maxCoeff() < 5 * std::sqrt(2.0 * 2 / n));
  CHECK_THROWS_AS(sf::sample(model, sf::RePaint{.resamplings = 0}, 1, sf::Seed{1}), sf::InvalidArgument);
}
