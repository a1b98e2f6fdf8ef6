#include <limits>
#include <string>
#include <vector>

#include "../../examples/mnist/options.hpp"
#include "support/catch.hpp"

using scorefield::Index;

namespace {

constexpr Index largest = std::numeric_limits<Index>::max();

std::string refusal(std::vector<const char*> words) {
  words.insert(words.begin(), "mnist");
  try {
    mnist::read_options(static_cast<int>(words.size()), words.data(), nullptr);
  } catch (const examples::UsageError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a length in epochs is as short as it can be, and the same steps again", "[examples]") {
  CHECK(mnist::epochs_text(108, 45) == "2.4");
  CHECK(mnist::epochs_text(1000, 938) == "1.066");
  CHECK(mnist::epochs_text(1, 60'000) == "2e-05");  // 0 is no length
  for (const Index steps : {Index{1}, Index{7}, Index{2251}, Index{1} << 53})
    for (const Index steps_per_epoch : {1, 3, 45, 938, 60'000}) {
      CAPTURE(steps, steps_per_epoch);
      CHECK(mnist::steps_of(std::stod(mnist::epochs_text(steps, steps_per_epoch)), steps_per_epoch) == steps);
    }
}

TEST_CASE("a file that speaks of more steps than a double holds has a length too", "[examples]") {
  for (const Index steps : {(Index{1} << 53) + 1, largest - 1, largest})
    for (const Index steps_per_epoch : {Index{1}, Index{938}, largest}) {
      CAPTURE(steps, steps_per_epoch);
      CHECK(std::stod(mnist::epochs_text(steps, steps_per_epoch)) ==
            Catch::Approx(static_cast<double>(steps) / static_cast<double>(steps_per_epoch)));
    }
}

TEST_CASE("what would run out of memory after the training is refused before it", "[examples]") {
  CHECK(refusal({"--sampler-steps", "1000000", "--samples", "1000000"}).empty());
  for (const char* steps : {"0", "1000001", "9223372036854775807"})
    CHECK(refusal({"--sampler-steps", steps}) == std::string("--sampler-steps: expected 1 to 1000000, got ") + steps);
}

TEST_CASE("a digit is one of ten, and guidance a number that leads somewhere", "[examples]") {
  for (const char* digit : {"0", "9"}) CHECK(refusal({"--digit", digit}).empty());
  for (const char* digit : {"-1", "10"})
    CHECK(refusal({"--digit", digit}) == std::string("--digit: expected 0 to 9, got ") + digit);
  CHECK(refusal({"--digit", "three"}) == "--digit: expected a whole number in range, got 'three'");
  for (const char* guidance : {"0", "1.5", "100"}) CHECK(refusal({"--guidance", guidance}).empty());
  for (const char* guidance : {"-0.1", "101", "nan", "inf"})
    CHECK(refusal({"--guidance", guidance}) ==
          std::string("--guidance: expected a number from 0 to 100, got ") + guidance);
}

TEST_CASE("a digit is asked only of a model that learnt labels", "[examples]") {
  mnist::Options options;
  for (const bool labelled : {false, true}) CHECK_NOTHROW(mnist::check_labelled(options, labelled));
  options.guidance = 1;
  CHECK_NOTHROW(mnist::check_labelled(options, true));
  CHECK_THROWS_AS(mnist::check_labelled(options, false), examples::UsageError);
}

TEST_CASE("digits take turns by the number of the sample, where none is asked for", "[examples]") {
  CHECK(mnist::labels_to_draw({}, 0, 12) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1});
  CHECK(mnist::labels_to_draw({}, 1008, 3) == std::vector<int>{8, 9, 0});
  CHECK(mnist::labels_to_draw(3, 1008, 2) == std::vector<int>{3, 3});
  CHECK(mnist::labels_to_draw(3, 0, 0).empty());
}
