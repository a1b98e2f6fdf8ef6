#include "scorefield/training/minibatches.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
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

/// The samples of steps [first, first + count).
std::vector<sf::Index> stream(sf::Minibatches& batches, sf::Index first, sf::Index count) {
  std::vector<sf::Index> all;
  for (sf::Index k = first; k < first + count; ++k)
    for (const auto i : batches.indices(k)) all.push_back(i);
  return all;
}

std::vector<sf::Index> sorted(std::vector<sf::Index> all) {
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST_CASE("every epoch visits each sample once, in an order of its own", "[data]") {
  // Around the four positions that share a block of bits, and of batches that end in the middle of an epoch.
  for (const sf::Index samples : {1, 2, 3, 4, 5, 10, 1001}) {
    std::vector<sf::Index> whole;
    for (sf::Index i = 0; i < samples; ++i) whole.push_back(i);
    sf::Minibatches batches{samples, 4, sf::Seed{11}}, cut{samples, 4, sf::Seed{11}, true};
    CHECK(batches.steps_of(4) == samples);
    CHECK(batches.steps_of(1) == (samples + 3) / 4);
    CHECK(cut.steps_of(3) == 3 * ((samples + 3) / 4));
    const auto all = stream(batches, 0, samples);  // four epochs
    REQUIRE(static_cast<sf::Index>(all.size()) == 4 * samples);
    for (sf::Index number = 0; number < 4; ++number) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(number * samples);
      const std::vector<sf::Index> epoch(begin, begin + static_cast<std::ptrdiff_t>(samples));
      CHECK(sorted(epoch) == whole);
      CHECK(stream(cut, cut.steps_of(number), cut.steps_of(1)) == epoch);  // the same orders
    }
  }
  sf::Minibatches batches{1000, 100, sf::Seed{11}}, other{1000, 100, sf::Seed{12}};
  CHECK(stream(batches, 0, 10) != stream(batches, 10, 10));
  CHECK(stream(batches, 0, 10) != stream(other, 0, 10));
}

TEST_CASE("batches know their epoch and length", "[data]") {
  const sf::Minibatches batches{10, 4, sf::Seed{}}, cut{10, 4, sf::Seed{}, true};
  CHECK(batches.samples() == 10);
  CHECK(batches.batch_size() == 4);
  for (sf::Index step = 0; step < 5; ++step) CHECK(batches.batch_length(step) == 4);
  CHECK(batches.epoch_of(2) == 0);
  CHECK(batches.epoch_of(3) == 1);
  CHECK(batches.epoch_of(4) == 1);
  CHECK(batches.epoch_of(5) == 2);
  CHECK(cut.batch_length(0) == 4);
  CHECK(cut.batch_length(2) == 2);
  CHECK(cut.batch_length(3) == 4);
  CHECK(cut.epoch_of(2) == 0);
  CHECK(cut.epoch_of(3) == 1);
}

TEST_CASE("a batch depends on the step, not on the steps before", "[data]") {
  for (const sf::Index size : {10, 250}) {
    sf::Minibatches forward{103, size, sf::Seed{2}}, backward{103, size, sf::Seed{2}};
    std::vector<std::vector<sf::Index>> expected;
    for (sf::Index step = 0; step < 40; ++step) expected.push_back(batch(forward, step));
    for (sf::Index step = 39; step >= 0; --step)
      CHECK(batch(backward, step) == expected[static_cast<std::size_t>(step)]);
  }
}

TEST_CASE("a batch larger than the data has each sample as often as the others, but for one", "[data]") {
  sf::Minibatches batches{5, 258, sf::Seed{}}, one{1, 3, sf::Seed{}};
  for (sf::Index step : {0, 1, 17}) {
    std::vector<int> counts(5);
    for (const auto i : batches.indices(step)) ++counts[static_cast<std::size_t>(i)];
    for (const int count : counts) CHECK((count >= 50 && count <= 53));
  }
  CHECK(batch(one, 8) == std::vector<sf::Index>{0, 0, 0});
}

TEST_CASE("the last steps and epochs that may be asked for are within what random numbers tell apart", "[data]") {
  for (const sf::Index samples : {1, 5, 1000, 1 << 20})
    for (const sf::Index size : {1, 256, 1 << 20})
      for (const bool cut : {false, true}) {
        CAPTURE(samples, size, cut);
        sf::Minibatches batches{samples, size, sf::Seed{}, cut};
        const auto last = batches.most_steps() - 1;
        CHECK((last > 0 && last < sf::most_steps));
        CHECK(batches.epoch_of(last) < sf::most_steps);
        CHECK(static_cast<sf::Index>(batches.indices(last).size()) == batches.batch_length(last));
        CHECK(batches.most_epochs() > 0);
        CHECK(
            (batches.steps_of(batches.most_epochs()) > 0 && batches.steps_of(batches.most_epochs()) <= sf::most_steps));
      }
}

TEST_CASE("a short batch larger than the data is all of it", "[data]") {
  for (const sf::Index size : {sf::Index{256}, std::numeric_limits<sf::Index>::max()}) {
    sf::Minibatches batches{5, size, sf::Seed{}, true};
    CHECK(batches.batch_size() == 5);
    CHECK(batches.steps_of(1) == 1);
    CHECK(sorted(batch(batches, 17)) == std::vector<sf::Index>{0, 1, 2, 3, 4});
    CHECK(batches.epoch_of(std::numeric_limits<sf::Index>::max()) == std::numeric_limits<sf::Index>::max());
  }
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
  CHECK_THROWS_WITH((sf::Minibatches{10, std::numeric_limits<sf::Index>::max(), sf::Seed{}}),
                    contains("Minibatches: expected a batch size up to 2^32"));
}
