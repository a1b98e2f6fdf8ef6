// The third part of a training step: clipping, the optimizer and the moving average.
#include "scorefield/training/detail/update.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "scorefield/optimizer/muon.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// Of more than one piece of parameters, the last one shorter.
auto wide_model() { return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 80, 80>{}, sf::Seed{1}}; }

template <sf::Optimizer Method>
auto update_of(const Method& method, const std::optional<sf::ExponentialMovingAverage>& average = {}, int threads = 1) {
  return sf::detail::ParameterUpdate<Method, float>(wide_model(), method, average, threads);
}

sf::detail::GradientSlots<float> slots_of(sf::Index step) {
  const sf::Index size = wide_model().parameters().size();
  sf::detail::GradientSlots<float> slots(2, size);
  for (auto& partial : slots.partial) partial = test::normals<float>(size, 1, sf::text("gradient ", step));
  return slots;
}

const sf::Sgd plain_sgd{.learning_rate = 0.5, .momentum = 0};

}  // namespace

TEST_CASE("a gradient is clipped to the norm that is asked for, and none where it is shorter", "[training]") {
  CHECK(sf::detail::clip_factor({}, 1e30) == 1);
  CHECK(sf::detail::clip_factor(2.0, 4.0) == 1);
  CHECK(sf::detail::clip_factor(2.0, 3.9) == 1);
  CHECK(sf::detail::clip_factor(2.0, 16.0) == 0.5);
  CHECK(sf::detail::clip_factor(1e-3, 1e6) == 1e-6);
  CHECK(sf::detail::clip_factor(2.0, 0.0) == 1);
}

TEST_CASE("an update moves the parameters by the first slot and clears all", "[training]") {
  REQUIRE(wide_model().parameters().size() > sf::detail::parameter_piece_size);
  for (const double factor : {1.0, 0.25}) {
    CAPTURE(factor);
    auto update = update_of(plain_sgd);
    auto slots = slots_of(1);
    const sf::Vector<float> gradient = slots.partial[0];
    update.move(slots, factor, 0.5, 1, 1);
    // Powers of 2 round nothing, so that the sum is rounded once whether it is fused or not.
    const sf::Vector<float> expected = wide_model().parameters() - static_cast<float>(0.5 * factor) * gradient;
    CHECK(update.parameters() == expected);
    CHECK(&update.result() == &update.parameters());
    CHECK(update.average().size() == 0);
    CHECK(slots.cleared);
    for (const auto& partial : slots.partial) CHECK(partial.isZero(0));
  }
}

TEST_CASE("the average follows the parameters and is the result", "[training]") {
  const sf::ExponentialMovingAverage averaging{.decay = 0.5};
  auto update = update_of(plain_sgd, averaging), without = update_of(plain_sgd);
  CHECK(update.result() == wide_model().parameters());
  sf::Vector<double> expected = wide_model().parameters().cast<double>();
  sf::Vector<float> rounded(expected.size());
  for (sf::Index step = 1; step <= 5; ++step) {
    auto slots = slots_of(step), same = slots_of(step);
    update.move(slots, 1, 0.01, step, 1);
    without.move(same, 1, 0.01, step, 1);
    CHECK(update.parameters() == without.parameters());
    averaging.update(sf::view(expected), sf::view(rounded), sf::view(update.parameters()), step);
    CHECK(update.average() == expected);
    CHECK(update.result() == rounded);
  }
  CHECK(update.result() != update.parameters());
}

TEMPLATE_TEST_CASE("threads do not change a bit of an update, nor does going on from a state", "[training]", sf::Adam,
                   sf::Muon) {
  const sf::ExponentialMovingAverage averaging{.decay = 0.5};
  auto one = update_of(TestType{}, averaging), more = update_of(TestType{}, averaging, 3);
  const auto move = [](auto& update, sf::Index step, int threads) {
    auto slots = slots_of(step);
    update.move(slots, 0.5, 0.01, step, threads);
  };
  for (sf::Index step = 1; step <= 3; ++step) move(one, step, 1), move(more, step, 3);
  CHECK(more.parameters() == one.parameters());
  CHECK(more.average() == one.average());
  CHECK(more.state() == one.state());

  auto resumed = update_of(TestType{}, averaging);
  resumed.resume(one.parameters(), one.average(), {one.state().begin(), one.state().end()});
  CHECK(resumed.result() == one.result());
  move(one, 4, 1), move(resumed, 4, 1);
  CHECK(resumed.parameters() == one.parameters());
  CHECK(resumed.result() == one.result());
  CHECK(resumed.state() == one.state());

  // Without an average it begins where the parameters are.
  resumed.resume(one.parameters(), {}, {one.state().begin(), one.state().end()});
  CHECK(resumed.result() == one.parameters());
}

TEMPLATE_TEST_CASE("the pieces of an optimizer are all parameters, each once", "[training]", sf::Adam, sf::Muon) {
  const auto model = wide_model();
  const sf::detail::PiecewiseOptimizer<TestType, float> optimizer(TestType{}, model, 2);
  sf::Vector<float> seen = sf::Vector<float>::Zero(model.parameters().size());
  for (const auto& piece : optimizer.pieces()) {
    CHECK((piece.matrix || piece.size() <= sf::detail::parameter_piece_size));
    seen.segment(piece.first, piece.size()).array() += 1;
  }
  CHECK(seen == sf::Vector<float>::Ones(seen.size()));
}

TEST_CASE("an update allocates nothing", "[training]") {
  auto update = update_of(sf::Muon{}, sf::ExponentialMovingAverage{});
  auto slots = slots_of(1);
  CHECK(test::count_allocations([&] { update.move(slots, 0.5, 0.01, 1, 1); }) == 0);
}
