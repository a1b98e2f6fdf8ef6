#include "scorefield/layer/any_image_layer.hpp"

#include <limits>
#include <utility>
#include <vector>

#include "scorefield/layer.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

static_assert(sf::PairLayer<sf::AnyImageLayer<float>>);
static_assert(std::constructible_from<sf::AnyImageLayer<float>, sf::MaxPool<float>>);
static_assert(!std::constructible_from<sf::AnyImageLayer<float>, sf::MaxPool<double>>);
static_assert(!std::constructible_from<sf::AnyImageLayer<float>, sf::Dense<float>>);

namespace {

constexpr sf::ImageShape shape{.height = 4, .width = 4, .channels = 3};

/// Layers of several types, one with a context and one a skip connection around others of these.
template <class S>
std::vector<sf::AnyImageLayer<S>> some_layers() {
  using Any = sf::AnyImageLayer<S>;
  return {sf::Convolution<S, sf::Tanh>(shape, 2),
          sf::SkipConnection({4, 4, 2},
                             sf::LayerList(std::vector<Any>{sf::AveragePool<S>({4, 4, 2}),
                                                            sf::TransposedConvolution<S, sf::Tanh>({2, 2, 2}, 4)}),
                             Any(sf::ResidualBlock<S>({4, 4, 6}, 4, 2, 5))),
          sf::GroupNorm<S>({4, 4, 4}, 2), sf::SpaceToDepth<S>({4, 4, 4}, 2)};
}

}  // namespace

TEMPLATE_TEST_CASE("a layer whose type is forgotten keeps the promises of a layer", "[layer]", float, double) {
  for (const auto& layer : some_layers<TestType>())
    test::check_layer(layer, layer.parameter_count() == 8 ? test::Starts::fixed : test::Starts::drawn);
  test::check_layer(sf::LayerList(some_layers<TestType>()));
}

TEST_CASE("a layer whose type is forgotten gives the bits and names of the layer that it holds", "[layer]") {
  const sf::ResidualBlock<double> block(shape, 6, 3, 5);
  const sf::AnyImageLayer<double> any = block;
  CHECK(any.input_shape() == block.input_shape());
  CHECK(any.output_shape() == block.output_shape());
  CHECK(any.context_size() == 5);
  CHECK(any.takes_pairs());
  CHECK(!sf::AnyImageLayer<double>(sf::MaxPool<double>(shape)).takes_pairs());
  sf::ParameterLayout layout;
  any.declare(layout, "here.");
  CHECK(layout.pieces().front().name == "here.norm.weight");
  CHECK(layout.size() == any.parameter_count());

  CHECK(test::starting_values(any) == test::starting_values(block));
  const auto p = test::parameters(block);
  const auto x = test::input<double>(block.inputs(), 3), dy = test::normals<double>(block.outputs(), 3, "dy");
  CHECK(test::outputs(any, p, x) == test::outputs(block, p, x));
  const auto got = test::gradients(any, p, x, dy), expected = test::gradients(block, p, x, dy);
  CHECK(got.inputs == expected.inputs);
  CHECK(got.contexts == expected.contexts);
  CHECK(got.parameters == expected.parameters);
}
