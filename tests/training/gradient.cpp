// The first part of a training step: the gradient of a batch in fixed slots.
#include "scorefield/training/detail/gradient.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using test::contains;

namespace {

using Model = decltype(test::small_model<double>());
using Slots = sf::detail::GradientSlots<double>;

constexpr sf::Index samples = 600, step = 3;
constexpr sf::Seed seed{5};

/// The last `count` samples of the data, backwards.
std::vector<sf::Index> batch(sf::Index count = samples) {
  std::vector<sf::Index> indices(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = samples - 1 - static_cast<sf::Index>(i);
  return indices;
}

struct Case {
  const Model model = test::small_model<double>();
  const sf::Dataset<double> data = test::small_data<double>(samples);
  const sf::DenoisingScoreMatching<> objective = {};

  auto gradient(int threads = 1) const {
    return sf::detail::BatchGradient<Model, sf::DenoisingScoreMatching<>>(model, data, objective, seed, samples,
                                                                          samples, threads);
  }
  Slots slots(sf::Index count) const { return {count, model.parameters().size()}; }

  Slots computed(sf::Index count, int threads = 1, const std::vector<sf::Index>& indices = batch()) const {
    auto all = slots(count);
    auto of = gradient(threads);
    of.compute(sf::view(model.parameters()), indices, step, all);
    return all;
  }

  /// What the objective says of samples [first, first + count) of the batch.
  sf::Vector<double> gradient_of(sf::Index first, sf::Index count) const {
    sf::Vector<double> sum = sf::Vector<double>::Zero(model.parameters().size()), losses(count);
    sf::Matrix<double> x0(2, count);
    for (sf::Index j = 0; j < count; ++j) x0.col(j) = data.samples().col(samples - 1 - (first + j));
    auto workspace = objective.workspace(model);
    objective.loss_and_gradient(model, sf::view(model.parameters()), sf::view(std::as_const(x0)),
                                sf::Draw{seed, first, step}, samples, sf::view(losses), sf::view(sum), workspace);
    return sum;
  }
};

}  // namespace

TEST_CASE("each slot has the gradient of its consecutive chunks of the batch", "[training]") {
  const Case of;
  const auto chunks = of.gradient().chunks(samples);
  REQUIRE(chunks.pieces() > 4);
  for (const sf::Index count : {sf::Index{1}, sf::Index{3}, chunks.pieces()}) {
    CAPTURE(count);
    const auto slots = of.computed(count);
    sf::Index next = 0;
    for (sf::Index slot = 0; slot < count; ++slot) {
      sf::Vector<double> expected = sf::Vector<double>::Zero(of.model.parameters().size());
      const sf::Index end = (slot + 1) * chunks.pieces() / count;
      REQUIRE(end > next);
      for (; next < end; ++next) expected += of.gradient_of(chunks.first(next), chunks.length(next));
      // Sums of up to ten chunks, of numbers below 1, in another order.
      CHECK((slots.partial[static_cast<std::size_t>(slot)] - expected).cwiseAbs().maxCoeff() <
            100 * test::Tolerance<double>::epsilon);
    }
    CHECK(next == chunks.pieces());
  }
}

TEST_CASE("the sum of the slots is the derivative of the mean loss", "[training]") {
  Case of;
  const auto indices = batch(100);
  const auto slots = of.computed(2, 1, indices);
  const sf::Vector<double> gradient = slots.partial[0] + slots.partial[1];
  sf::Vector<double> p = of.model.parameters();
  auto by_differences = of.gradient();
  auto spare = of.slots(1);
  const auto loss = [&] { return by_differences.compute(sf::view(std::as_const(p)), indices, step, spare); };
  // Some weights of each layer.
  for (const sf::Index first : {sf::Index{0}, p.size() / 2, p.size() - 20})
    CHECK(test::worst_gradient_error(sf::segment(sf::view(p), first, 20), sf::segment(sf::view(gradient), first, 20),
                                     loss) < test::Tolerance<double>::gradient);
}

TEST_CASE("threads do not change a bit of a slot, and other numbers of slots do", "[training]") {
  const Case of;
  const auto one = of.computed(4);
  for (const int threads : {2, 3, 8}) CHECK(of.computed(4, threads).partial == one.partial);
  CHECK(of.computed(3).partial[0] != one.partial[0]);
}

TEST_CASE("slots are cleared before a gradient is added to them, unless they are known to be", "[training]") {
  const Case of;
  auto slots = of.computed(3);
  const auto once = slots.partial;
  CHECK(!slots.cleared);
  auto gradient = of.gradient();
  gradient.compute(sf::view(of.model.parameters()), batch(), step, slots);
  CHECK(slots.partial == once);

  for (auto& partial : slots.partial) partial.setZero();
  slots.cleared = true;
  gradient.compute(sf::view(of.model.parameters()), batch(), step, slots);
  CHECK(slots.partial == once);
  CHECK(!slots.cleared);
}

TEST_CASE("a short batch leaves slots without a chunk at zero", "[training]") {
  const Case of;
  const auto slots = of.computed(3, 1, batch(10));
  CHECK(slots.partial[0].isZero(0));
  CHECK(slots.partial[1].isZero(0));
  CHECK(!slots.partial[2].isZero(0));
}

TEST_CASE("an overflow names the sample of the largest share, and its step", "[training]") {
  const Case of;
  auto gradient = of.gradient();
  auto slots = of.slots(1);
  sf::Matrix<double> x0(2, 1);
  double largest = 0;
  sf::Index at = 0;
  const auto indices = batch(50);
  for (std::size_t j = 0; j < indices.size(); ++j) {
    sf::Vector<double> g = sf::Vector<double>::Zero(of.model.parameters().size()), losses(1);
    x0.col(0) = of.data.samples().col(indices[j]);
    auto workspace = of.objective.workspace(of.model);
    of.objective.loss_and_gradient(of.model, sf::view(of.model.parameters()), sf::view(std::as_const(x0)),
                                   sf::Draw{seed, static_cast<sf::Index>(j), step}, 50, sf::view(losses), sf::view(g),
                                   workspace);
    if (g.cwiseAbs().maxCoeff() > largest) largest = g.cwiseAbs().maxCoeff(), at = indices[j];
  }
  gradient.compute(sf::view(of.model.parameters()), indices, step, slots);
  const auto overflow = [&] { gradient.throw_overflow(sf::view(of.model.parameters()), indices, step); };
  CHECK_THROWS_AS(overflow(), sf::NonFinite);
  CHECK_THROWS_WITH(overflow(),
                    contains(sf::text("training step 4: expected a finite gradient, got one that overflows, the "
                                      "largest share of which is ",
                                      largest, " by ")) &&
                        contains(sf::text(" for sample ", at, ", column ")));
}
