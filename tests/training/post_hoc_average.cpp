// Power-law averages whose width is chosen after training, against those that are computed directly.
#include "scorefield/training/post_hoc_average.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using test::contains;

namespace {

static_assert(sf::TrainingCallback<sf::PostHocAverage<float>, float>);
static_assert(sf::ResumableCallback<sf::PostHocAverage<float>>);

/// Parameters that move as in training: towards an end, faster at first, and with noise.
sf::Vector<double> parameters_at(sf::Index step, sf::Index size = 20) {
  const double t = static_cast<double>(step) / 400;
  const sf::Vector<double> noise = test::normals<double>(size, 1, sf::text("step ", step));
  const sf::Vector<double> end = test::normals<double>(size, 1, "end");
  return (1 - std::exp(-4 * t)) * end + 0.1 * noise;
}

template <class Callback>
void step_to(Callback& callback, sf::Index step, sf::Index steps) {
  const auto p = parameters_at(step);
  callback(sf::Progress<double>{step, steps, 0, 1, 0, 0, p});
}

/// The sum of parameters with weights whose density in time is the power law, by the definition.
sf::Vector<double> direct_average(double width, sf::Index steps) {
  const double power = sf::detail::PowerLawProfile::exponent_of(width) + 1, last = static_cast<double>(steps);
  sf::Vector<double> sum = sf::Vector<double>::Zero(20);
  for (sf::Index step = 1; step <= steps; ++step) {
    const double t = static_cast<double>(step);
    sum += (std::pow(t / last, power) - std::pow((t - 1) / last, power)) * parameters_at(step);
  }
  return sum;
}

}  // namespace

TEST_CASE("power laws have their relative width, and products their integral", "[training]") {
  CHECK(sf::detail::PowerLawProfile::exponent_of(0.05) == Catch::Approx(16.97).epsilon(1e-3));  // the paper's
  CHECK(sf::detail::PowerLawProfile::exponent_of(0.10) == Catch::Approx(6.94).epsilon(1e-3));
  const auto at = [](const sf::detail::PowerLawProfile& p, double t) {
    return t > p.last ? 0 : (p.exponent + 1) / p.last * std::pow(t / p.last, p.exponent);
  };
  for (const sf::detail::PowerLawProfile a : {sf::detail::PowerLawProfile{2, 3}, {5, 7}})
    for (const sf::detail::PowerLawProfile b : {sf::detail::PowerLawProfile{5, 2}, {2, 7}, {3, 0.5}}) {
      double integral = 0;
      constexpr int nodes = 100'000;  // of the midpoint rule; the jump at 2 or 3 is between two nodes
      for (int i = 0; i < nodes; ++i) integral += at(a, 5 * (i + 0.5) / nodes) * at(b, 5 * (i + 0.5) / nodes);
      CHECK(a.dot(b) == Catch::Approx(integral * 5 / nodes).epsilon(1e-6));
      CHECK(a.dot(b) == Catch::Approx(b.dot(a)).epsilon(1e-14));
    }
}

TEST_CASE("averages of any width are told after training", "[training]") {
  constexpr sf::Index steps = 410;  // the last snapshot is ten steps old
  sf::PostHocAverage<double> averages{{.every = 20}};
  for (sf::Index step = 1; step <= steps; ++step) step_to(averages, step, steps);
  CHECK(averages.step() == steps);
  const auto error = [&](double width) {
    return (averages.parameters(width) - direct_average(width, steps)).cwiseAbs().maxCoeff();
  };
  // The two that are kept come back but for the rounding of a system of a condition of up to 1e10.
  for (const double width : averages.widths) CHECK(error(width) < 1e-6);
  // Others are as near as sums of 42 profiles come: far nearer than neighbouring widths are to each other.
  const double apart = (direct_average(0.07, steps) - direct_average(0.08, steps)).cwiseAbs().maxCoeff();
  CHECK(apart > 4e-3);
  for (const double width : {0.06, 0.075, 0.09, 0.12, 0.15}) {
    CAPTURE(width);
    CHECK(error(width) < 0.1 * apart);
  }
}

TEST_CASE("post-hoc averages go on from where they were kept, and begin anew with a run", "[training]") {
  sf::PostHocAverage<double> whole{{.every = 20}}, first{{.every = 20}}, second{{.every = 20}};
  for (sf::Index step = 1; step <= 100; ++step) step_to(whole, step, 100);
  for (sf::Index step = 1; step <= 50; ++step) step_to(first, step, 100);
  second.resume(first.state());
  CHECK(second.parameters(0.07) == first.parameters(0.07));
  for (sf::Index step = 51; step <= 100; ++step) step_to(second, step, 100);
  CHECK(second.parameters(0.07) == whole.parameters(0.07));
  CHECK(second.state() == whole.state());

  for (sf::Index step = 1; step <= 100; ++step) step_to(first, step, 100);
  CHECK(first.state() == whole.state());

  const auto kept = whole.state();
  sf::PostHocAverage<double> other{{.every = 10}};
  CHECK_THROWS_WITH(other.resume(kept), contains("the state of one of 10 steps a snapshot"));
  CHECK_THROWS_AS(whole.resume(sf::Vector<double>{}), sf::InvalidArgument);
  CHECK_THROWS_AS(whole.resume(sf::Vector<double>(kept.head(kept.size() - 1))), sf::InvalidArgument);
  // Sizes whose product no integer holds, and a first snapshot (after 4 numbers and two averages of 20) of no step.
  for (const auto& [place, bad] : {std::pair{1, -1.0}, {2, 1e12}, {3, 1e12}, {44, 0.0}, {44, 101.0}, {44, NAN}}) {
    CAPTURE(place, bad);
    auto changed = kept;
    changed(place) = bad;
    CHECK_THROWS_AS(whole.resume(changed), sf::InvalidArgument);
  }
  CHECK(whole.state() == kept);

  CHECK_THROWS_WITH(step_to(other, 5, 10), contains("PostHocAverage: expected step 1 of a run, got 5; pass it to fit"));
  CHECK_THROWS_WITH(step_to(whole, 102, 200), contains("expected step 101 of a run, got 102"));
}

TEST_CASE("a run is averaged without allocating after its first step", "[training]") {
  sf::PostHocAverage<double> averages{{.every = 2}};
  const auto p = parameters_at(1);
  const auto call = [&](sf::Index step) { averages(sf::Progress<double>{step, 8, 0, 1, 0, 0, p}); };
  call(1);
  CHECK(test::count_allocations([&] {
          for (sf::Index step = 2; step <= 8; ++step) call(step);
        }) == 0);
}

TEST_CASE("post-hoc averages follow a run, and refuse what they cannot tell", "[training]") {
  sf::PostHocAverage<float> averages{{.every = 5}};
  CHECK_THROWS_WITH(averages.parameters(0.1), contains("a run of at least one step"));
  const auto after = test::trained<float>({.steps = 20, .batch_size = 50, .seed = 1, .threads = 1}, averages);
  CHECK(averages.step() == 20);
  CHECK(averages.parameters(0.05).size() == after.size());
  CHECK((averages.parameters(0.05) - after).norm() < (averages.parameters(0.2) - after).norm());
  for (const double bad : {0.0, 0.29, std::nan("")}) CHECK_THROWS_AS(averages.parameters(bad), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::PostHocAverage<float>{{.every = 0}}, sf::InvalidArgument);
}
