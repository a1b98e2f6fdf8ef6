// Sources of noise: draws of a data set, and a flow that is learnt from one set of samples to another.
#include "scorefield/objective/source.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/data/units.hpp"
#include "scorefield/model/prediction/flow_velocity_prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/objective/coupling.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/objective/time/stratified_time.hpp"
#include "scorefield/objective/weighting/flow_weighting.hpp"
#include "scorefield/optimizer/adam.hpp"
#include "scorefield/sampler/rule/probability_flow.hpp"
#include "scorefield/sampler/stepper.hpp"
#include "scorefield/sde/rectified_flow.hpp"
#include "scorefield/training/trainer.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using test::contains;

namespace {

static_assert(sf::Source<sf::NormalSource> && sf::Source<sf::DataSource<float>>);
static_assert(!std::constructible_from<sf::DataSource<float>, sf::Dataset<float>>);  // of what is gone at once

sf::Dataset<double> four_points() {
  sf::Matrix<double> points(2, 4);
  points << 0, 1, 2, 3,  //
      10, 11, 12, 13;
  return {points};
}

}  // namespace

TEST_CASE("a data source draws each of its samples as often, whatever piece of a batch is asked for", "[objective]") {
  const auto data = four_points();
  const sf::DataSource source(data);
  constexpr sf::Index n = 4000;
  sf::Matrix<double> all(2, n), piece(2, 7), later(2, n);
  source.draw({sf::Seed{1}, 0, 3}, sf::view(all));
  std::array<sf::Index, 4> drawn{};
  for (sf::Index j = 0; j < n; ++j) {
    REQUIRE(all(1, j) == all(0, j) + 10);
    ++drawn[static_cast<std::size_t>(all(0, j))];
  }
  // Five deviations of a binomial count of 4000 draws at 1/4.
  for (const sf::Index count : drawn) CHECK(std::abs(static_cast<double>(count - n / 4)) < 5 * 27.4);
  const auto view = sf::view(piece);
  CHECK(test::count_allocations([&] { source.draw({sf::Seed{1}, 20, 3}, view); }) == 0);
  CHECK(piece == all.middleCols(20, 7));
  source.draw({sf::Seed{1}, 0, 4}, sf::view(later));
  CHECK(later != all);
  source.draw({sf::Seed{2}, 0, 3}, sf::view(later));
  CHECK(later != all);
}

TEST_CASE("a flow is learnt from one set of samples to another", "[objective]") {
  constexpr sf::Index n = 64;
  sf::Matrix<double> low(1, n), high(1, n);
  for (sf::Index j = 0; j < n; ++j) {
    low(j) = static_cast<double>(j) / n;
    high(j) = 5 + 3 * static_cast<double>(j) / n;
  }
  const sf::Dataset<double> from(low), to(high);
  const auto units = sf::Units<double>::fit(to);
  const auto source = units.to_model(from);
  sf::ScoreModel model(sf::RectifiedFlow<double>{}, sf::DynamicMlp<double>(1, {32}), sf::FlowVelocityPrediction{},
                       units, sf::Seed{0});
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{}, sf::FlowWeighting{}, sf::OptimalTransportCoupling{},
                                             sf::DataSource{source}};
  sf::Trainer{objective, sf::Adam{.learning_rate = 1e-2}}.fit(
      model, to, {.steps = 400, .batch_size = 64, .seed = sf::Seed{1}, .threads = 1});
  auto stepper = sf::start(model, sf::ProbabilityFlow{.steps = 20}, from.samples(), sf::Seed{0}, {.threads = 1});
  while (!stepper.done()) stepper.step();
  // In one dimension the least total distance is that of pairs in order. A tenth of the data's width is what a short
  // training leaves; without the source the flow would be asked where it was never taught.
  CHECK((stepper.samples() - to.samples()).cwiseAbs().mean() < 0.3);
}

TEST_CASE("a batch is paired with what is drawn from its source", "[objective]") {
  const auto data = four_points();
  const sf::ScoreModel model(sf::RectifiedFlow<double>{}, sf::DynamicMlp<double>(2, {4}), sf::FlowVelocityPrediction{},
                             sf::Seed{0});
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{}, sf::FlowWeighting{}, sf::OptimalTransportCoupling{},
                                             sf::DataSource{data}};
  constexpr sf::Index n = 30;
  const sf::Draw draw{sf::Seed{1}, 0, 3};
  sf::Matrix<double> noise(2, n);
  sf::DataSource{data}.draw(draw, sf::view(noise));
  const sf::Matrix<double> x0 = noise.rowwise().reverse();
  auto pairing = objective.pairing(model, n);
  std::vector<sf::Index> order(n);
  objective.pair(model, sf::view(std::as_const(x0)), draw, order, pairing);
  // The data are those of the source in another order, so that pairs can be of equals.
  for (sf::Index j = 0; j < n; ++j) CHECK(x0.col(order[static_cast<std::size_t>(j)]) == noise.col(j));
}

TEST_CASE("sources tell their settings where they are not normal, and refuse samples of another size", "[objective]") {
  const auto data = four_points();
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{}, sf::FlowWeighting{}, sf::IndependentCoupling{},
                                             sf::DataSource{data}};
  CHECK(contains("source DataSource{data " + std::to_string(data.fingerprint()) + "}, condition_dropout")
            .match(objective.settings()));
  CHECK(sf::DenoisingScoreMatching{}.settings().find("ource") == std::string::npos);
  const sf::ScoreModel model(sf::RectifiedFlow<double>{}, sf::DynamicMlp<double>(3, {4}), sf::FlowVelocityPrediction{},
                             sf::Seed{0});
  CHECK_THROWS_WITH(objective.workspace(model), contains("DataSource") && contains("samples of 3 numbers"));
}
