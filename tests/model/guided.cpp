#include "scorefield/model/guided.hpp"

#include <cmath>
#include <limits>

#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde/variance_preserving.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

/// Knows the truth of one number that is N(c, 1) where c is given, and N(0, 1) where it is not.
struct KnowsTheMean {
  using Scalar = double;
  struct Workspace {};
  sf::VariancePreserving<double> equation;
  mutable int evaluations = 0;

  const sf::VariancePreserving<double>& sde() const { return equation; }
  sf::Index dimension() const { return 1; }
  sf::Index condition_size() const { return 1; }
  sf::Index chunk_size() const { return 64; }
  Workspace workspace() const { return {}; }
  void prior(sf::MatrixView<double>, Workspace&) const {}
  void denoise(const sf::NoisyBatch<double>& batch, sf::MatrixView<double> out, Workspace&) const {
    ++evaluations;
    for (sf::Index j = 0; j < batch.size(); ++j) {
      // What is told of a condition that is not given is 0, which is the mean as well.
      const double mean = batch.condition(0, j), alpha = batch.alpha(j), sigma = batch.sigma(j);
      out(0, j) = mean + alpha * (batch.x(0, j) - alpha * mean) / (alpha * alpha + sigma * sigma);
    }
  }
};

auto conditional() {
  return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::DynamicMlp<float>(2, {16, 16}, {.condition = 3}),
                        sf::Seed{3}};
}

constexpr sf::Ddim guided_sampler{.steps = 8};

}  // namespace

static_assert(sf::Denoiser<sf::Guided<KnowsTheMean>>);

TEST_CASE("guidance of weight 0 and 1 has the bits of the model without and with its condition", "[model]") {
  const auto model = conditional();
  const sf::Matrix<float> condition{{0.5f}, {-1.0f}, {2.0f}};
  const auto draw = [&](const auto& from, const sf::Condition& given) {
    return sf::sample(from, guided_sampler, 70, sf::Seed{5}, {.condition = given});
  };
  const auto with = draw(model, condition), without = draw(model, sf::not_given<float>(3));
  CHECK(with != without);
  CHECK(draw(sf::Guided{model, 1}, condition) == with);
  CHECK(draw(sf::Guided{model, 0}, condition) == without);
  CHECK(draw(sf::Guided{model, 2}, condition) != with);
  // Of a time at which nothing is evaluated.
  CHECK(draw(sf::Guided{model, 2, {.from = 0.9990001, .to = 0.9990002}}, condition) == with);
}

TEST_CASE("guidance of N(c, 1) against N(0, 1) draws the mean weight c", "[model]") {
  const KnowsTheMean model;
  constexpr sf::Index n = 20'000;
  for (const double weight : {0.0, 0.5, 1.0, 3.0}) {
    const auto x = sf::sample(sf::Guided{model, weight}, sf::DpmSolverPlusPlus{.steps = 50}, n, sf::Seed{1},
                              {.condition = sf::Matrix<double>{{1.5}}});
    const double mean = x.mean(), deviation = std::sqrt((x.array() - mean).square().mean());
    CAPTURE(weight, mean, deviation);
    // Five deviations of either, and the signal of 0.0066 that the prior, N(0, 1), does not have.
    CHECK(std::abs(mean - weight * 1.5) < 5 / std::sqrt(static_cast<double>(n)) + 0.0066 * weight * 1.5);
    CHECK(std::abs(deviation - 1) < 5 / std::sqrt(2.0 * n) + 0.005);
  }
}

TEST_CASE("guidance asks its model twice where the weight is neither 0 nor 1", "[model]") {
  const KnowsTheMean model;
  for (const double weight : {0.0, 1.0, 3.0}) {
    model.evaluations = 0;
    sf::sample(sf::Guided{model, weight}, guided_sampler, 1, sf::Seed{1}, {.condition = sf::Matrix<double>{{1.5}}});
    CHECK(model.evaluations == (weight == 3 ? 2 : 1) * guided_sampler.steps);
  }
}

TEST_CASE("guidance refuses what it cannot work with", "[model]") {
  const auto model = conditional();
  CHECK_THROWS_WITH(sf::Guided(model, std::numeric_limits<double>::quiet_NaN()),
                    contains("a weight from -1e6 to 1e6, got nan"));
  CHECK_THROWS_WITH(sf::Guided(model, 2, {.from = 0.6, .to = 0.4}), contains("got 0.6 to 0.4"));
  CHECK_THROWS_AS(sf::Guided(model, 2, {.from = 0.5, .to = 1.5}), sf::InvalidArgument);
  CHECK_NOTHROW(sf::Guided(model, 2, {.from = 0.5, .to = 0.5}));
  const sf::ScoreModel none{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8>{}, sf::Seed{3}};
  CHECK_THROWS_WITH(sf::Guided(none, 2), contains("given a condition, got one that is given none"));
}
