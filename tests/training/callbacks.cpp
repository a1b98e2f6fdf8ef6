#include "scorefield/training/callbacks.hpp"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/file/training_state.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::small_data;
using scorefield::test::small_model;
using scorefield::test::trained;

namespace {

const sf::Vector<float> no_parameters;

sf::Progress<float> progress_at(sf::Index step, sf::Index steps, double loss, sf::Index batch_length = 1) {
  return {step, steps, 0, batch_length, loss, 1e-3, no_parameters};
}

/// The step after which a run with these losses is stopped; 0 if it is not.
sf::Index stopped_at(sf::EarlyStop stop, const std::vector<double>& losses) {
  sf::Index step = 0;
  for (const double loss : losses)
    if (++step; stop(progress_at(step, 100, loss)) == sf::Next::stop) return step;
  return 0;
}

[[maybe_unused]] const auto returns_nothing = [](const auto&) {};
[[maybe_unused]] const auto returns_next = [](const auto&) { return sf::Next::proceed; };
[[maybe_unused]] const auto returns_a_flag = [](const auto&) { return true; };
[[maybe_unused]] const auto takes_nothing = [] {};
[[maybe_unused]] const auto takes_doubles = [](const sf::Progress<double>&) {};

static_assert(sf::TrainingCallback<decltype(returns_nothing), float>);
static_assert(sf::TrainingCallback<decltype(returns_next), float>);
static_assert(sf::TrainingCallback<sf::History, float> && sf::TrainingCallback<sf::History&, double>);
static_assert(sf::TrainingCallback<sf::EarlyStop, float>);
static_assert(sf::TrainingCallback<sf::Every<decltype(returns_nothing)>, float>);
static_assert(sf::TrainingCallback<sf::Every<decltype(returns_next)>, float>);
static_assert(sf::TrainingCallback<decltype(takes_doubles), double>);

static_assert(!sf::TrainingCallback<decltype(returns_a_flag), float>);  // true is not clearly "stop" or "go on"
static_assert(!sf::TrainingCallback<sf::Every<decltype(returns_a_flag)>, float>);
static_assert(!sf::TrainingCallback<decltype(takes_nothing), float>);
static_assert(!sf::TrainingCallback<decltype(takes_doubles), float>);
static_assert(!sf::TrainingCallback<const sf::History, float>);

}  // namespace

TEST_CASE("callbacks are called after every step, in order", "[training]") {
  std::string calls;
  trained(
      {.steps = 3}, [&](const auto& progress) { calls += "a" + std::to_string(progress.step); },
      [&](const auto&) {
        calls += "b";
        return sf::Next::proceed;
      },
      [&](const sf::Progress<float>&) { calls += "c "; });
  CHECK(calls == "a1bc a2bc a3bc ");
}

TEST_CASE("a callback stops a run after the step, and the others still see it", "[training]") {
  std::string calls;
  const auto stopped = trained(
      {.steps = 100}, [&](const auto& progress) { return progress.step == 4 ? sf::Next::stop : sf::Next::proceed; },
      [&](const auto& progress) { calls += std::to_string(progress.step); });
  CHECK(calls == "1234");
  CHECK(stopped == trained({.steps = 4}));
}

TEST_CASE("a callback that throws ends a run and leaves the model as it was", "[training]") {
  auto model = small_model();
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  CHECK_THROWS_AS(trainer.fit(model, small_data(), {.steps = 5}, [](const auto&) { throw 17; }), int);
  CHECK(model.parameters() == small_model().parameters());
}

TEST_CASE("every so many steps", "[training]") {
  std::vector<sf::Index> seen;
  trained({.steps = 10}, sf::Every{3, [&](const auto& progress) { seen.push_back(progress.step); }});
  CHECK(seen == std::vector<sf::Index>{3, 6, 9});

  seen.clear();
  trained({.steps = 10}, sf::Every{2, [&](const auto& progress) {
                                     seen.push_back(progress.step);
                                     return progress.step >= 6 ? sf::Next::stop : sf::Next::proceed;
                                   }});
  CHECK(seen == std::vector<sf::Index>{2, 4, 6});
  CHECK_THROWS_AS((sf::Every{0, returns_nothing}), sf::InvalidArgument);
  CHECK_THROWS_WITH((sf::Every{-1, returns_nothing}), contains("Every: expected a positive number of steps, got -1"));
}

TEST_CASE("history keeps means, and what is left at the end", "[training]") {
  sf::History history{4};
  for (int step = 1; step <= 10; ++step) history(progress_at(step, 10, step));
  const auto& rows = history.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].step == 4);
  CHECK(rows[0].loss == 2.5);
  CHECK(rows[1].step == 8);
  CHECK(rows[1].loss == 6.5);
  CHECK(rows[2].step == 10);
  CHECK(rows[2].loss == 9.5);
  CHECK_THROWS_AS(sf::History{0}, sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::History{-5}, contains("History: expected a positive number of steps a row, got -5"));
}

TEST_CASE("history of a run", "[training]") {
  std::vector<double> losses;
  sf::History history{3};
  trained({.epochs = 2, .batch_size = 256, .short_batches = true}, history,
          [&](const auto& progress) { losses.push_back(progress.loss); });
  REQUIRE(losses.size() == 8);
  REQUIRE(history.rows().size() == 3);
  // The last batch of an epoch has 1000 - 3 * 256 = 232 samples.
  const double short_row = 256 * losses[6] + 232 * losses[7];
  CHECK(history.rows()[1].loss ==
        Catch::Approx((232 * losses[3] + 256 * (losses[4] + losses[5])) / (232 + 2 * 256)).epsilon(1e-14));
  CHECK(history.rows()[2].loss == Catch::Approx(short_row / (256 + 232)).epsilon(1e-14));
  CHECK(history.rows()[0].epoch == 0);
  CHECK(history.rows()[1].epoch == 1);
}

TEST_CASE("history keeps what is left of a run that is stopped, and goes on with the next", "[training]") {
  sf::History history{4};
  for (int step = 1; step <= 6; ++step) history(progress_at(step, 10, step));
  for (int step = 1; step <= 2; ++step) history(progress_at(step, 2, 8 * step));
  const auto& rows = history.rows();
  REQUIRE(rows.size() == 3);
  CHECK(rows[1].step == 6);
  CHECK(rows[1].loss == 5.5);
  CHECK(rows[2].step == 2);
  CHECK(rows[2].loss == 12);
}

TEST_CASE("early stopping begins anew with a run", "[training]") {
  sf::EarlyStop stop({.window = 1, .patience = 2});
  for (int step = 1; step <= 2; ++step) stop(progress_at(step, 9, 1.0));
  CHECK(stop(progress_at(1, 9, 5.0)) == sf::Next::proceed);
  CHECK(stop(progress_at(2, 9, 4.0)) == sf::Next::proceed);
}

TEST_CASE("early stopping looks at means of windows", "[training]") {
  const sf::EarlyStop stop({.window = 2, .patience = 2});
  CHECK(stopped_at(stop, {9, 9, 8, 8, 7, 7, 6, 6}) == 0);
  CHECK(stopped_at(stop, {5, 9, 9, 5, 9, 5, 1, 1}) == 6);        // 7, then not better twice
  CHECK(stopped_at(stop, {7, 7, 8, 8, 6, 6, 6, 6, 5, 5}) == 0);  // better again in time
  CHECK(stopped_at(stop, {1, 1, 9, 9, 8, 8}) == 6);              // better than before, but not the best
  CHECK(stopped_at(stop, {3, 3, 3, 3}) == 0);                    // one window is not enough
  const sf::EarlyStop demanding({.window = 1, .patience = 3, .min_improvement = 0.5});
  CHECK(stopped_at(demanding, {9, 8.9, 8.8, 8.7}) == 4);
  CHECK(stopped_at(demanding, {9, 8.9, 8.8, 8.2, 8.1, 8.0, 7.9}) == 7);

  CHECK_THROWS_AS(sf::EarlyStop({.window = 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::EarlyStop({.patience = 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::EarlyStop({.min_improvement = -1}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::EarlyStop({.min_improvement = std::numeric_limits<double>::quiet_NaN()}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::EarlyStop({.window = 0, .patience = 4}), contains("got 0, 4 and 0; the loss is noisy"));
}

TEST_CASE("early stopping ends a run", "[training]") {
  sf::Index last = 0;
  // No window is a million better than the one before, so the second is the first failure and the fourth the third.
  trained({.steps = 100}, sf::EarlyStop({.window = 5, .patience = 3, .min_improvement = 1e6}),
          [&](const auto& progress) { last = progress.step; });
  CHECK(last == 20);
}

TEST_CASE("means of callbacks are over samples, of which a last batch may have fewer", "[training]") {
  sf::History history{2};
  history(progress_at(1, 2, 1, 256));
  history(progress_at(2, 2, 258, 1));
  CHECK(history.rows().back().loss == 2);

  // 2, and then 2.5 where a mean over steps would be the best so far: 1.5.
  sf::EarlyStop stop({.window = 2, .patience = 1});
  stop(progress_at(1, 4, 1, 256));
  CHECK(stop(progress_at(2, 4, 258, 1)) == sf::Next::proceed);
  stop(progress_at(3, 4, 0, 1));
  CHECK(stop(progress_at(4, 4, 3, 5)) == sf::Next::stop);
}

TEST_CASE("history needs no more rows than memory has", "[training]") {
  constexpr auto most = std::numeric_limits<sf::Index>::max();
  sf::History history{1}, rare{most};
  history(progress_at(1, most, 1));
  rare(progress_at(1, most, 1));
  CHECK(history.rows().size() == 1);
  CHECK(rare.rows().size() == 1);
}

TEST_CASE("callbacks go on where they stood", "[training]") {
  const auto loss = [](sf::Index step) { return step < 9 ? 10.0 - static_cast<double>(step) : 5.0; };
  const auto length = [](sf::Index step) { return 1 + step % 3; };
  sf::History whole{4};
  sf::EarlyStop stop({.window = 3, .patience = 4});
  sf::Index stopped = 0;
  for (sf::Index step = 1; stopped == 0; ++step) {
    whole(progress_at(step, 100, loss(step), length(step)));
    if (stop(progress_at(step, 100, loss(step), length(step))) == sf::Next::stop) stopped = step;
  }
  for (sf::Index kept = 0; kept < stopped; ++kept) {
    CAPTURE(kept);
    sf::History first{4}, second{4};
    const sf::EarlyStop::Options options{.window = 3, .patience = 4};
    sf::EarlyStop before(options), after(options);
    for (sf::Index step = 1; step <= kept; ++step) {
      first(progress_at(step, 100, loss(step), length(step)));
      before(progress_at(step, 100, loss(step), length(step)));
    }
    sf::Tensors tensors;
    sf::add_callback_state(tensors, "history", first);
    sf::add_callback_state(tensors, "early_stop", before);
    sf::read_callback_state(tensors, "history", second);
    sf::read_callback_state(tensors, "early_stop", after);
    sf::Index last = 0;
    for (sf::Index step = kept + 1; last == 0; ++step) {
      second(progress_at(step, 100, loss(step), length(step)));
      if (after(progress_at(step, 100, loss(step), length(step))) == sf::Next::stop) last = step;
    }
    CHECK(last == stopped);
    CHECK(second.state() == whole.state());
  }

  sf::Tensors tensors;
  sf::add_callback_state(tensors, "history", whole);
  CHECK_THROWS_AS(sf::add_callback_state(tensors, "history", whole), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::read_callback_state(tensors, "other", whole), contains("tensor \"callback.other\""));
  sf::History other{5};
  CHECK_THROWS_WITH(
      sf::read_callback_state(tensors, "history", other),
      contains("History::resume: expected the state of a History of 5 steps a row, got ") && contains("the first 4"));
  CHECK_THROWS_WITH(sf::read_callback_state(tensors, "history", stop), contains("EarlyStop::resume: expected five"));
  CHECK(other.rows().empty());
  // Numbers that no History of four steps a row has: how many steps are in the last row, and steps of rows.
  for (const auto& [i, number] : {std::pair{1, -1.0}, {1, 4.0}, {4, -1.0}, {4, 1e16}, {5, -1.0}, {5, 1e16}}) {
    sf::Vector<double> state = whole.state();
    state(i) = number;
    CAPTURE(i, number);
    CHECK_THROWS_WITH(sf::History{4}.resume(state), contains("History::resume"));
  }
  for (const auto& bad :
       {sf::Vector<double>{{4}}, sf::Vector<double>{{4, 1, 0, 0}}, sf::Vector<double>{{4, 0, 0, 0, 1}}})
    CHECK_THROWS_WITH(sf::History{4}.resume(bad), contains("History::resume"));
  CHECK_NOTHROW(sf::History{4}.resume(whole.state()));
  // Nor an EarlyStop: steps in a window of three, and windows without an improvement, of which four are the end.
  for (const auto& [i, number] : {std::pair{0, -1.0}, {0, 3.0}, {1, -1.0}, {1, 5.0}}) {
    sf::Vector<double> state = stop.state();
    state(i) = number;
    CAPTURE(i, number);
    CHECK_THROWS_WITH(stop.resume(state), contains("EarlyStop::resume"));
  }
}

TEST_CASE("callbacks of the library allocate nothing after the first step", "[training]") {
  sf::History history{2};
  sf::EarlyStop stop({.window = 2, .patience = 3});
  history(progress_at(1, 1000, 0.5));
  CHECK(sf::test::count_allocations([&] {
          for (sf::Index step = 2; step <= 1000; ++step) {
            history(progress_at(step, 1000, 0.5));
            stop(progress_at(step, 1000, 0.5));
          }
        }) == 0);
  CHECK(history.rows().size() == 500);
}
