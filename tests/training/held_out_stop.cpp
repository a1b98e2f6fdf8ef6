#include "scorefield/training/held_out_stop.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::small_data;
using scorefield::test::small_model;

namespace {

using SmallModel = decltype(small_model());

sf::HeldOutStop<SmallModel, sf::DenoisingScoreMatching<>> small_stop(const sf::HeldOutStopOptions& options,
                                                                     sf::Index held_out = 200) {
  const sf::Matrix<float> other = sf::swiss_roll<float>(held_out, {.seed = 2});
  return {small_model(), other, sf::DenoisingScoreMatching{}, options};
}

/// The loss that a stop with these options sees.
double loss_seen(const sf::Vector<float>& parameters, int draws) {
  auto model = small_model();
  model.set_parameters(parameters);
  const sf::Matrix<float> other = sf::swiss_roll<float>(200, {.seed = 2});
  double sum = 0;
  for (int draw = 0; draw < draws; ++draw)
    sum += sf::mean_loss(sf::DenoisingScoreMatching{}, model, other, static_cast<std::uint64_t>(draw));
  return sum / draws;
}

}  // namespace

static_assert(sf::TrainingCallback<decltype(small_stop({})), float>);
static_assert(sf::ResumableCallback<decltype(small_stop({}))>);

TEST_CASE("the parameters with the least held-out loss are kept", "[training]") {
  auto stop = small_stop({.every = 10, .rise = 1000, .draws = 2});
  std::vector<double> losses;
  std::vector<sf::Vector<float>> parameters;
  auto model = small_model();
  // A rate so large that the loss goes up and down.
  sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 0.05}}.fit(
      model, small_data(50), {.steps = 95, .batch_size = 16}, stop, [&](const sf::Progress<float>& progress) {
        if (progress.step % 10 != 0 && progress.step != 95) return;
        losses.push_back(loss_seen(progress.parameters, 2));
        parameters.push_back(progress.parameters);
      });
  REQUIRE(losses.size() == 10);
  const auto best = std::min_element(losses.begin(), losses.end());
  REQUIRE(best != losses.end() - 1);  // or the test would show little
  CHECK(stop.best_loss() == *best);
  CHECK(stop.parameters() == parameters[static_cast<std::size_t>(best - losses.begin())]);
  CHECK(stop.best_step() == 10 * (best - losses.begin() + 1));
}

TEST_CASE("a run that overfits is stopped", "[training]") {
  auto stop = small_stop({.every = 50, .rise = 0.1});
  auto model = small_model();
  sf::Index last = 0;
  std::vector<double> losses;
  // Three points are soon learnt by heart.
  sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 0.01}}.fit(
      model, small_data(3), {.steps = 100'000, .batch_size = 32}, stop, [&](const sf::Progress<float>& progress) {
        last = progress.step;
        if (progress.step % 50 == 0) losses.push_back(loss_seen(progress.parameters, 8));
      });
  REQUIRE(last < 100'000);
  CHECK(losses.back() > 1.1 * stop.best_loss());
  double least = losses.front();
  for (std::size_t i = 0; i + 1 < losses.size(); ++i) {
    least = std::min(least, losses[i]);
    CHECK(losses[i] <= 1.1 * least);  // not a look too late
  }
  CHECK(stop.best_loss() == least);
}

TEST_CASE("a new run begins anew, and one that is resumed goes on", "[training]") {
  auto stop = small_stop({.every = 5, .rise = 0.2});
  const auto good = small_model().parameters();
  sf::Vector<float> bad = good;
  bad.array() += 3;
  const auto after = [&](sf::Index step, const sf::Vector<float>& parameters) {
    return stop(sf::Progress<float>{step, 100, 0, 1, 0, 1e-3, parameters});
  };
  CHECK(after(1, good) == sf::Next::proceed);
  CHECK(stop.best_step() == 0);
  CHECK(after(5, good) == sf::Next::proceed);
  const auto state = stop.state();
  CHECK(after(9, bad) == sf::Next::proceed);  // it does not look
  CHECK(after(10, bad) == sf::Next::stop);
  CHECK(stop.parameters() == good);
  CHECK(after(1, bad) == sf::Next::proceed);
  CHECK(after(5, bad) == sf::Next::proceed);
  CHECK(stop.parameters() == bad);
  stop.resume(state);
  CHECK(stop.best_step() == 5);
  CHECK(stop.parameters() == good);
  CHECK(after(15, bad) == sf::Next::stop);
}

TEST_CASE("looks that cannot be are refused", "[training]") {
  CHECK_THROWS_AS(small_stop({.every = 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(small_stop({.rise = -1}), sf::InvalidArgument);
  CHECK_THROWS_WITH(small_stop({.draws = 0}), contains("got 500, 0 and 0.05"));
  CHECK_THROWS_AS(
      (sf::HeldOutStop{small_model(), sf::Dataset<float>{sf::Matrix<float>::Zero(3, 5)}, sf::DenoisingScoreMatching{}}),
      sf::InvalidArgument);
  auto stop = small_stop({});
  CHECK_THROWS_WITH(stop.resume(sf::Vector<double>::Zero(5)), contains("HeldOutStop::resume: expected a loss, a step"));
  CHECK(stop.best_step() == 0);
}
