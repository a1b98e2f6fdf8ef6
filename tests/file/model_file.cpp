#include "scorefield/file/model_file.hpp"

#include <cstdint>
#include <limits>
#include <string>

#include "scorefield/file/tensors.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::contains;

namespace {

sf::ParameterLayout layout() {
  sf::ParameterLayout pieces;
  pieces.add("hidden.weight", 3, 2);
  pieces.add("hidden.bias", 3, 1);
  pieces.add("output.weight", 1, 3);
  return pieces;
}

template <class T>
using Numbers = Eigen::Matrix<T, Eigen::Dynamic, 1>;

}  // namespace

TEMPLATE_TEST_CASE("numbers come back as they were, to the last bit", "[io]", float, double, std::int8_t, std::uint8_t,
                   std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t) {
  using Limits = std::numeric_limits<TestType>;
  Numbers<TestType> numbers(4);
  numbers << Limits::lowest(), Limits::max(), static_cast<TestType>(Limits::max() - Limits::max() / 3), 1;
  sf::Tensors tensors;
  tensors.add("a", {2, 2}, numbers);
  CHECK(tensors.get<TestType>("a", {2, 2}) == numbers);
  const std::string kind = std::is_floating_point_v<TestType> ? "F" : std::is_signed_v<TestType> ? "I" : "U";
  CHECK(tensors.all().at("a").type == kind + std::to_string(8 * sizeof(TestType)));
}

TEST_CASE("the numbers of a tensor are little-endian, and a matrix gives its columns", "[io]") {
  sf::Tensors tensors;
  tensors.add("a", {1}, Numbers<std::uint32_t>::Constant(1, 0x01020304));
  const auto& bytes = tensors.all().at("a").bytes;
  CHECK(bytes == std::vector{std::byte{4}, std::byte{3}, std::byte{2}, std::byte{1}});

  const sf::Matrix<double> matrix{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
  tensors.add("block", {2, 2}, matrix.topLeftCorner(2, 2));
  CHECK(tensors.get<double>("block", {2, 2}) == (sf::Vector<double>(4) << 1, 4, 2, 5).finished());
  tensors.add("one", {}, Numbers<std::int64_t>::Constant(1, -7));
  CHECK(tensors.get<std::int64_t>("one", {})[0] == -7);
  tensors.add("none", {0, 3}, sf::Vector<float>(0));
  CHECK(tensors.get<float>("none", {0, 3}).size() == 0);
}

TEST_CASE("a tensor that does not fit is refused by name", "[io]") {
  sf::Tensors tensors;
  const sf::Vector<float> six = sf::Vector<float>::Zero(6);
  tensors.add("a", {2, 3}, six);
  CHECK_THROWS_AS(tensors.add("a", {6}, six), sf::InvalidArgument);
  CHECK_THROWS_WITH(tensors.add("a", {6}, six), contains("Tensors::add: expected a name of its own"));
  CHECK_THROWS_AS(tensors.add("__metadata__", {6}, six), sf::InvalidArgument);
  CHECK_THROWS_WITH(tensors.add("b", {2, 2}, six),
                    contains("as many numbers in tensor \"b\" as its shape (2, 2) says, got 6"));
  CHECK_THROWS_AS(tensors.add("b", {-2, -3}, six), sf::InvalidArgument);
  CHECK_THROWS_AS(tensors.add("b", {sf::Index{1} << 62, 4}, six), sf::InvalidArgument);
  CHECK_THROWS_AS(tensors.add("b", {0, std::numeric_limits<sf::Index>::lowest()}, six.head(0)), sf::InvalidArgument);
  CHECK_THROWS_WITH(tensors.add("b", sf::Tensor{"F31", {0}, {}}), contains("for tensor \"b\", got \"F31\""));
  CHECK(tensors.all().size() == 1);

  CHECK_THROWS_AS(tensors.get<float>("b", {6}), sf::InvalidArgument);
  CHECK_THROWS_WITH(tensors.get<float>("b", {6}),
                    contains("expected tensor \"b\" of type F32 and shape (6,), got none of that name"));
  CHECK_THROWS_WITH(tensors.get<double>("a", {2, 3}), contains("type F64 and shape (2, 3), got F32 (2, 3)"));
  CHECK_THROWS_WITH(tensors.get<float>("a", {3, 2}), contains("type F32 and shape (3, 2), got F32 (2, 3)"));
}

TEMPLATE_TEST_CASE("parameters become one tensor a piece, and a vector again", "[io]", float, double) {
  const sf::Vector<TestType> parameters = sf::Vector<TestType>::LinSpaced(12, 1, 12);
  sf::Tensors tensors;
  sf::add_parameters(tensors, "model.", layout(), parameters);
  REQUIRE(tensors.all().size() == 3);
  CHECK(tensors.get<TestType>("model.hidden.weight", {2, 3}) == parameters.head(6));
  CHECK(tensors.get<TestType>("model.hidden.bias", {1, 3}) == parameters.segment(6, 3));
  CHECK(tensors.get<TestType>("model.output.weight", {3, 1}) == parameters.tail(3));

  const sf::Vector<TestType> averaged = -parameters;
  sf::add_parameters(tensors, "averaged.", layout(), averaged);
  CHECK(sf::read_parameters<TestType>(tensors, "model.", layout()) == parameters);
  CHECK(sf::read_parameters<TestType>(tensors, "averaged.", layout()) == averaged);
}

TEST_CASE("parameters of another network are refused, and the piece that differs is named", "[io]") {
  sf::Tensors tensors;
  const sf::Vector<float> parameters = sf::Vector<float>::Zero(12);
  sf::add_parameters(tensors, "model.", layout(), parameters);
  CHECK_THROWS_WITH(sf::add_parameters<float>(tensors, "other.", layout(), sf::Vector<float>::Zero(11)),
                    contains("add_parameters: expected 12 parameters, got 11"));
  CHECK_THROWS_AS(sf::add_parameters(tensors, "model.", layout(), parameters), sf::InvalidArgument);

  CHECK_THROWS_WITH(sf::read_parameters<double>(tensors, "model.", layout()),
                    contains("\"model.hidden.weight\" of type F64 and shape (2, 3), got F32 (2, 3)"));
  sf::ParameterLayout wider;
  wider.add("hidden.weight", 3, 2);
  wider.add("hidden.bias", 4, 1);
  CHECK_THROWS_WITH(sf::read_parameters<float>(tensors, "model.", wider),
                    contains("\"model.hidden.bias\" of type F32 and shape (1, 4), got F32 (1, 3)"));
  auto deeper = layout();
  deeper.add("output.bias", 1, 1);
  CHECK_THROWS_WITH(sf::read_parameters<float>(tensors, "model.", deeper),
                    contains("\"model.output.bias\" of type F32 and shape (1, 1), got none"));
  sf::ParameterLayout shallower;
  shallower.add("hidden.weight", 3, 2);
  shallower.add("hidden.bias", 3, 1);
  CHECK_THROWS_AS(sf::read_parameters<float>(tensors, "model.", shallower), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::read_parameters<float>(tensors, "model.", shallower),
                    contains("the 2 pieces of the network, got tensor \"model.output.weight\" as well"));
}
