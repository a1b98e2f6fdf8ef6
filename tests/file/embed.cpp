#include "scorefield/file/embed.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "file/models.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

/// The numbers of an array in a header.
template <class T>
std::vector<T> numbers_in(const std::string& code, const std::string& array) {
  const std::string start = sf::text("inline constexpr ", sizeof(T) == 4 ? "float " : "double ", array, "[] = {\n");
  const auto at = code.find(start);
  REQUIRE(at != code.npos);
  const auto first = at + start.size();
  std::string inside = code.substr(first, code.find("\n};", first) - first);
  // What C++ reads as a number strtod does, too, but for this.
  const std::string nan = "std::numeric_limits<float>::quiet_NaN()";
  for (auto found = inside.find(nan); found != inside.npos; found = inside.find(nan))
    inside.replace(found, nan.size(), "nan");
  std::vector<T> all;
  const char* next = inside.c_str();
  for (char* end = nullptr; *next != '\0';
       next = end + std::string(end).find_first_not_of(sizeof(T) == 4 ? "f,\n " : ",\n ")) {
    all.push_back(sizeof(T) == 4 ? static_cast<T>(std::strtof(next, &end)) : static_cast<T>(std::strtod(next, &end)));
    REQUIRE(end != next);
    if (std::string(end).find_first_not_of("f,\n ") == std::string::npos) break;
  }
  return all;
}

template <class Vector>
void check_numbers(const std::vector<typename Vector::Scalar>& got, const Vector& expected) {
  REQUIRE(static_cast<sf::Index>(got.size()) == expected.size());
  for (sf::Index i = 0; i < expected.size(); ++i) {
    const auto a = got[static_cast<std::size_t>(i)], b = expected.data()[i];
    CHECK((a == b || (std::isnan(a) && std::isnan(b))));
  }
}

/// What the header of a model has in it, without a compiler.
struct Parts {
  sf::detail::ModelText text;
  sf::Vector<float> parameters, constants;
  sf::Vector<double> units;
  sf::detail::SelfTest<float> test;

  explicit Parts(const test::TypedModel<float>& model)
      : text(sf::detail::text_of(model)),
        parameters(model.parameters()),
        constants(model.prediction().constants()),
        units(model.units().state()),
        test(sf::detail::self_test_of(model)) {}

  sf::EmbeddedModel<float> embedded() const {
    const auto span = [](const auto& m) { return std::span(m.data(), static_cast<std::size_t>(m.size())); };
    return {.equation = text.equation,
            .network = text.network,
            .prediction = text.prediction,
            .parameters = span(parameters),
            .constants = span(constants),
            .units = span(units),
            .x = span(test.x),
            .condition = span(test.condition),
            .denoised = span(test.denoised)};
  }
};

}  // namespace

TEST_CASE("a header has all of a model's numbers, exactly", "[file]") {
  const test::Folder folder("embed");
  const auto path = folder.path / "policy.hpp";
  const auto model = test::typed_model<float>();
  sf::embed(path, model, "policy");
  const auto code = test::bytes_of(path);
  CHECK_THAT(code, contains("#pragma once\n"));
  CHECK_THAT(code, contains("#include <scorefield/model/embedded_model.hpp>\n"));
  CHECK_THAT(code, contains("\ninline constexpr scorefield::EmbeddedModel<float> policy{\n    .equation = \""));
  const Parts parts(model);
  for (const auto& text : {parts.text.equation, parts.text.network, parts.text.prediction})
    CHECK_THAT(code, contains(" = \"" + text + "\",\n"));
  CHECK_THAT(code, contains("    .parameters = policy_parameters,\n    .constants = policy_constants,\n    .units = "
                            "policy_units,\n    .x = policy_x,\n"));
  check_numbers(numbers_in<float>(code, "policy_parameters"), parts.parameters);
  check_numbers(numbers_in<float>(code, "policy_constants"), parts.constants);
  check_numbers(numbers_in<double>(code, "policy_units"), parts.units);
  check_numbers(numbers_in<float>(code, "policy_x"), parts.test.x);
  check_numbers(numbers_in<float>(code, "policy_condition"), parts.test.condition);
  check_numbers(numbers_in<float>(code, "policy_denoised"), parts.test.denoised);
}

TEST_CASE("numbers are written as C++ reads them in their type", "[file]") {
  std::string code;
  const float numbers[] = {1, -0.0f, 1e-45f, 3.4028235e38f, 0.1f, 1234567, std::numeric_limits<float>::quiet_NaN()};
  CHECK(sf::detail::add_array(code, "a", numbers, 7) == "a");
  CHECK(code ==
        "inline constexpr float a[] = {\n    1.0f, -0.0f, 1e-45f, 3.4028235e+38f, 0.1f, 1.234567e+06f, "
        "std::numeric_limits<float>::quiet_NaN(),\n};\n");
  CHECK(sf::detail::add_array(code, "b", numbers, 0) == "{}");
}

TEST_CASE("a name that is none of C++ is refused, and no file is written", "[file]") {
  const test::Folder folder("embed_names");
  const auto model = test::typed_model<float>();
  for (const char* name : {"", "1a", "a-b", "a b", "a;", "\xC3\xA9"}) {
    CAPTURE(name);
    CHECK_THROWS_WITH(sf::embed(folder.path / "a.hpp", model, name), contains("embed: expected a name"));
  }
  CHECK(folder.entries() == 0);
  CHECK_THROWS_AS(sf::embed(folder.path / "none" / "a.hpp", model, "a"), sf::FileError);
  for (const char* name : {"az", "AZ", "_", "a09"}) CHECK_NOTHROW(sf::embed(folder.path / "a.hpp", model, name));
}

TEST_CASE("a model that is embedded draws the same, and others are refused", "[file]") {
  using Model = test::TypedModel<float>;
  const auto model = test::typed_model<float>();
  const auto same = sf::load<Model>(Parts(model).embedded());
  CHECK(same.parameters() == model.parameters());
  CHECK(sf::detail::self_test_of(same).denoised == sf::detail::self_test_of(model).denoised);

  const auto refused = [&](const auto& change, const std::string& what) {
    Parts parts(model);
    auto embedded = parts.embedded();
    change(parts, embedded);
    CAPTURE(what);
    CHECK_THROWS_WITH(sf::load<Model>(embedded), contains(what));
  };
  const auto shorter = [](auto& span) { span = span.first(span.size() - 1); };
  refused([&](auto&, auto& e) { shorter(e.parameters); }, "parameters: expected ");
  refused([&](auto&, auto& e) { shorter(e.constants); }, "constants: expected 15 numbers, as the settings say, got 14");
  refused([&](auto&, auto& e) { shorter(e.units); }, "Units::from_state");
  refused([&](auto&, auto& e) { e.units = {}; }, "self-test");
  refused([&](auto&, auto& e) { shorter(e.x); }, "condition");
  refused([&](auto&, auto& e) { e.x = e.denoised = {}; }, "");
  refused([&](auto&, auto& e) { shorter(e.denoised); }, "self-test");
  refused([&](auto&, auto& e) { shorter(e.condition); }, "condition");
  refused([&](auto&, auto& e) { e.network = "Mlp{dimension 3, widths 8, activation Tanh, condition 0}"; },
          "expected settings of ResidualMlp, got Mlp{");
  refused([&](auto& parts, auto&) { parts.parameters *= 1.1f; }, "self-test");
}
