#include "scorefield/core/read_settings.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

TEST_CASE("settings that are nested are read back", "[core]") {
  const auto inner =
      sf::settings_text("Inner", {{"deeper", sf::settings_text("Deepest", {})}, {"count", sf::Index{3}}});
  const auto text = sf::settings_text("Outer", {{"of", inner}, {"widths", "16 8"}, {"name", "two words"}});
  const sf::ReadSettings outer(text);
  CHECK(outer.name() == "Outer");
  CHECK(outer.get<std::string>("name") == "two words");
  CHECK(outer.get<std::vector<sf::Index>>("widths") == std::vector<sf::Index>{16, 8});
  const sf::ReadSettings read(outer.get<std::string>("of"));
  CHECK(read.of("Inner").get<sf::Index>("count") == 3);
  CHECK(sf::ReadSettings(read.get<std::string>("deeper")).name() == "Deepest");
}

TEST_CASE("lists of integers come back", "[core]") {
  for (const std::vector<sf::Index>& list : {std::vector<sf::Index>{}, {0}, {1 << 30, 2, 3}}) {
    const sf::ReadSettings settings(sf::settings_text("A", {{"list", sf::list_text(list)}, {"last", sf::Index{1}}}));
    CHECK(settings.get<std::vector<sf::Index>>("list") == list);
  }
}

TEMPLATE_TEST_CASE("floating-point numbers come back exactly", "[core]", float, double) {
  using Limits = std::numeric_limits<TestType>;
  const TestType third = TestType(1) / 3, above_one = 1 + Limits::epsilon();
  for (const TestType number : {TestType(0), -third, third, above_one, Limits::max(), Limits::lowest(), Limits::min(),
                                Limits::denorm_min(), TestType(1e-4), TestType(100000), Limits::infinity()}) {
    const auto text = sf::settings_text("A", {{"number", number}});
    CAPTURE(text);
    CHECK(sf::ReadSettings(text).get<TestType>("number") == number);
  }
  CHECK(std::isnan(sf::ReadSettings("A{number nan}").get<TestType>("number")));
}

TEST_CASE("text that is no settings is refused, and so are values of another kind", "[core]") {
  for (const char* text :
       {"", "A", "{", "}", "A{", "A{b 1", "A{b 1}}", "A{b {1}", "A{b 1} ", "A{b}", "A{ 1}", "A}b 1{"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(sf::ReadSettings(text), sf::InvalidArgument);
  }
  const sf::ReadSettings settings("A{count 12, minus -1, list 1 x, half 0.5, text abc}");
  CHECK_THROWS_WITH(settings.of("B"), contains("expected settings of B, got A{count 12, "));
  CHECK_THROWS_WITH(settings.get<sf::Index>("size"), contains("expected a value of size, got \"A{count 12, "));
  CHECK_THROWS_WITH(settings.get<sf::Index>("count", 11), contains("expected from 0 to 11 as count"));
  CHECK(settings.get<sf::Index>("count", 12) == 12);
  CHECK_THROWS_AS(settings.get<sf::Index>("minus"), sf::InvalidArgument);
  CHECK_THROWS_AS(settings.get<sf::Index>("half"), sf::InvalidArgument);
  CHECK_THROWS_AS(settings.get<std::vector<sf::Index>>("list"), sf::InvalidArgument);
  CHECK_THROWS_WITH(settings.get<float>("text"), contains("expected a number as text"));
  CHECK_THROWS_AS(sf::ReadSettings("A{n 99999999999999999999}").get<sf::Index>("n"), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::ReadSettings("A{n 1e999}").get<double>("n"), sf::InvalidArgument);
}

TEST_CASE("a NaN is written without a sign, which it has by chance", "[core]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(sf::text(nan, ' ', -nan, ' ', -std::numeric_limits<double>::infinity()) == "nan nan -inf");
}
