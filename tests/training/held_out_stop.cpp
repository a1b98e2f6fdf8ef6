#include "scorefield/training/held_out_stop.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/objective/mean_loss.hpp"

#include "support/catch.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::small_data;
using scorefield::test::small_model;

namespace {

const sf::Dataset<float> held_out_points(sf::swiss_roll<float>(4200, {.seed = 2}));

auto held_out_stop(const sf::HeldOutOptions& options) {
  return sf::HeldOutStop{sf::DenoisingScoreMatching{}, small_model(), held_out_points, options};
}

/// The loss of a small model with these parameters.
double held_out_loss(const sf::Vector<float>& parameters) {
  auto model = small_model();
  model.set_parameters(parameters);
  return sf::mean_loss(sf::DenoisingScoreMatching{}, model, held_out_points, sf::Seed{0});
}

}  // namespace

TEST_CASE("the parameters of the smallest held-out loss are kept", "[training]") {
  std::vector<double> losses;
  std::vector<sf::Vector<float>> parameters;
  auto model = small_model();
  auto best = held_out_stop({.every = 7, .rise = 1e9});
  sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 0.03}}.fit(
      model, small_data(), {.steps = 100}, best, [&](const sf::Progress<float>& progress) {
        if (progress.step % 7 != 0 && progress.step != 100) return;  // the last step is looked at, too
        losses.push_back(held_out_loss(progress.parameters));
        parameters.push_back(progress.parameters);
      });
  CHECK(losses.size() == 15);
  const auto smallest = std::min_element(losses.begin(), losses.end()) - losses.begin();
  CHECK(best.loss() == losses[static_cast<std::size_t>(smallest)]);
  CHECK(best.parameters() == parameters[static_cast<std::size_t>(smallest)]);
  CHECK(best.step() == std::min<sf::Index>(100, 7 * (smallest + 1)));
}

TEST_CASE("a run ends where held-out data are learnt worse", "[training]") {
  const sf::Vector<float> start = small_model().parameters(), worse = 1.5f * start;
  const double least = held_out_loss(start), rise = held_out_loss(worse) / least - 1;
  REQUIRE(rise > 0);
  auto best = held_out_stop({.every = 10, .rise = 0.9 * rise}),
       patient = held_out_stop({.every = 10, .rise = 1.1 * rise});
  const auto at = [](auto& stop, sf::Index step, const sf::Vector<float>& parameters) {
    return stop(sf::Progress<float>{step, 1000, 0, 1, 0.1, 1e-3, parameters});
  };
  CHECK(at(best, 1, start) == sf::Next::proceed);
  CHECK(best.step() == 0);
  CHECK(at(best, 10, worse) == sf::Next::proceed);
  CHECK(at(best, 20, start) == sf::Next::proceed);
  CHECK(at(best, 500, start) == sf::Next::proceed);  // as good is not better, and no worse
  CHECK(best.step() == 20);
  CHECK(at(best, 505, worse) == sf::Next::proceed);  // between looks
  const auto kept = best.state();
  CHECK(at(best, 510, worse) == sf::Next::stop);
  CHECK(best.parameters() == start);

  auto resumed = held_out_stop({.every = 10, .rise = 0.9 * rise});
  resumed.resume(kept);
  CHECK(resumed.state() == kept);
  CHECK(resumed.step() == 20);
  CHECK(at(resumed, 510, worse) == sf::Next::stop);
  CHECK(resumed.parameters() == start);

  CHECK(at(patient, 20, start) == sf::Next::proceed);
  CHECK(at(patient, 30, worse) == sf::Next::proceed);
  CHECK(at(best, 1, start) == sf::Next::proceed);  // a new run
  CHECK(best.step() == 0);
  CHECK(at(best, 10, worse) == sf::Next::proceed);
}

TEST_CASE("few held-out samples are looked at with several noises", "[training]") {
  const sf::Dataset<float> few(held_out_points.samples().leftCols(3).eval());
  sf::HeldOutStop best{sf::DenoisingScoreMatching{}, small_model(), few, {.every = 1}};
  best(sf::Progress<float>{1, 10, 0, 1, 0.1, 1e-3, small_model().parameters()});
  const sf::Matrix<float> repeated = few.samples().replicate(1, 1334);
  CHECK(best.loss() == sf::mean_loss(sf::DenoisingScoreMatching{}, small_model(), repeated, sf::Seed{0}));
}

TEST_CASE("held-out samples are given their conditions", "[training]") {
  const sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{2, {.width = 16, .condition = 1}},
                             sf::Seed{1}};
  const sf::Dataset<float> data{held_out_points.samples(), sf::Matrix<float>::Ones(1, 4200).eval()};
  sf::HeldOutStop best{sf::DenoisingScoreMatching{}, model, data, {.every = 1}};
  best(sf::Progress<float>{1, 10, 0, 1, 0.1, 1e-3, model.parameters()});
  CHECK(best.loss() == sf::mean_loss(sf::DenoisingScoreMatching{}, model, data, sf::Seed{0}));
  CHECK_THROWS_WITH((sf::HeldOutStop{sf::DenoisingScoreMatching{}, model, held_out_points}),
                    contains("HeldOutStop") && contains("conditions"));
}

TEST_CASE("HeldOutStop refuses what it cannot work with", "[training]") {
  CHECK_THROWS_WITH(held_out_stop({.every = 0}), contains("0 and 0.05"));
  CHECK_THROWS_WITH(held_out_stop({.rise = -1}), contains("200 and -1"));
  auto best = held_out_stop({});
  CHECK_THROWS_WITH(best.parameters(), contains("at least one look"));
  CHECK(best.loss() == std::numeric_limits<double>::infinity());
  constexpr double infinite = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& bad : {sf::Vector<double>(0), sf::Vector<double>{{1, 0.1}}, sf::Vector<double>{{-1, infinite}},
                          sf::Vector<double>{{0, 0.1}}, sf::Vector<double>{{0, infinite, 1}}})
    CHECK_THROWS_WITH(best.resume(bad), contains("HeldOutStop::resume"));
  sf::Vector<double> state = sf::Vector<double>::Zero(2 + small_model().parameters().size());
  for (const double step : {0.5, 1e16, 7.0}) {
    state(0) = step, state(1) = step == 7 ? nan : 0.1;
    CHECK_THROWS_AS(best.resume(state), sf::InvalidArgument);
  }
  state(1) = 0.1;
  best.resume(state);
  CHECK(best.step() == 7);
  const sf::Vector<float> huge = sf::Vector<float>::Constant(small_model().parameters().size(), 1e30f);
  CHECK_THROWS_WITH(best(sf::Progress<float>{200, 1000, 0, 1, 0.1, 1e-3, huge}),
                    contains("held-out data") && contains("after step 200"));
}
