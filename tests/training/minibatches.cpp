#include "scorefield/training/minibatches.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

std::vector<sf::Index> batch(sf::Minibatches& batches, sf::Index step) {
  const auto indices = batches.indices(step);
  return {indices.begin(), indices.end()};
}

std::vector<sf::Index> epoch(sf::Minibatches& batches, sf::Index number) {
  std::vector<sf::Index> all;
  for (sf::Index k = 0; k < batches.steps_per_epoch(); ++k)
    for (const auto i : batches.indices(number * batches.steps_per_epoch() + k)) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("every epoch visits each sample once, in an order of its own", "[data]") {
  // Around the four positions that share a block of bits, and with a shorter last batch.
  for (const sf::Index samples : {1, 2, 3, 4, 5, 10, 1001}) {
    sf::Minibatches batches{samples, 4, sf::Seed{11}};
    CHECK(batches.steps_per_epoch() == (samples + 3) / 4);
    for (sf::Index number = 0; number < 3; ++number) {
      auto visited = epoch(batches, number);
      std::sort(visited.begin(), visited.end());
      REQUIRE(static_cast<sf::Index>(visited.size()) == samples);
      for (sf::Index i = 0; i < samples; ++i) CHECK(visited[static_cast<std::size_t>(i)] == i);
    }
  }
  sf::Minibatches batches{1000, 64, sf::Seed{11}}, other{1000, 64, sf::Seed{12}};
  CHECK(epoch(batches, 0) != epoch(batches, 1));
  CHECK(epoch(batches, 0) != epoch(other, 0));
}

TEST_CASE("batches know their epoch and length", "[data]") {
  const sf::Minibatches batches{10, 4, sf::Seed{}};
  CHECK(batches.samples() == 10);
  CHECK(batches.batch_size() == 4);
  CHECK(batches.batch_length(0) == 4);
  CHECK(batches.batch_length(2) == 2);
  CHECK(batches.batch_length(3) == 4);
  CHECK(batches.epoch_of(2) == 0);
  CHECK(batches.epoch_of(3) == 1);
}

TEST_CASE("a batch depends on the step, not on the steps before", "[data]") {
  sf::Minibatches forward{103, 10, sf::Seed{2}}, backward{103, 10, sf::Seed{2}};
  std::vector<std::vector<sf::Index>> expected;
  for (sf::Index step = 0; step < 40; ++step) expected.push_back(batch(forward, step));
  for (sf::Index step = 39; step >= 0; --step) CHECK(batch(backward, step) == expected[static_cast<std::size_t>(step)]);
}

TEST_CASE("a batch larger than the data is all of it", "[data]") {
  sf::Minibatches batches{5, 256, sf::Seed{}};
  CHECK(batches.batch_size() == 5);
  CHECK(batches.steps_per_epoch() == 1);
  CHECK(batches.indices(17).size() == 5);
}

TEST_CASE("every order of samples is equally likely", "[data]") {
  // All 120 orders of five samples in 60,000 epochs: chi^2 of 119 degrees has mean 119 and deviation sqrt(238) = 15.4.
  // Five samples take two blocks of bits.
  constexpr int epochs = 60'000, orders = 120;
  sf::Minibatches batches{5, 5, sf::Seed{1}};
  std::vector<double> counts(5 * 5 * 5 * 5 * 5);
  for (sf::Index step = 0; step < epochs; ++step) {
    sf::Index code = 0;
    for (const auto i : batches.indices(step)) code = 5 * code + i;
    ++counts[static_cast<std::size_t>(code)];
  }
  double chi2 = 0;
  int seen = 0;
  const double expected = static_cast<double>(epochs) / orders;
  for (const double count : counts)
    if (count > 0) ++seen, chi2 += (count - expected) * (count - expected) / expected;
  CHECK(seen == orders);
  CHECK(std::abs(chi2 - 119) < 5 * std::sqrt(2.0 * 119));
}

TEST_CASE("sizes that make no batch are refused", "[data]") {
  CHECK_THROWS_AS((sf::Minibatches{0, 4, sf::Seed{}}), sf::InvalidArgument);
  CHECK_THROWS_AS((sf::Minibatches{(sf::Index{1} << 32) + 1, 4, sf::Seed{}}), sf::InvalidArgument);
  CHECK_THROWS_WITH((sf::Minibatches{10, 0, sf::Seed{}}),
                    contains("Minibatches: expected a batch size from 1 on, got 0"));
}

TEST_CASE("the largest of all batches is all data", "[data]") {
  sf::Minibatches batches{5, std::numeric_limits<sf::Index>::max(), sf::Seed{}};
  CHECK(batches.batch_size() == 5);
  CHECK(batches.steps_per_epoch() == 1);
  CHECK(batches.epoch_of(std::numeric_limits<sf::Index>::max()) == std::numeric_limits<sf::Index>::max());
}
