// Layers that apply what is known from elsewhere.
#include "scorefield/layer/activation/tanh.hpp"
#include "scorefield/layer/activation_layer.hpp"
#include "scorefield/layer/attention_block.hpp"
#include "scorefield/layer/dense.hpp"
#include "scorefield/layer/group_norm.hpp"
#include "scorefield/layer/self_attention.hpp"
#include "scorefield/layer/zero_initialised.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

TEST_CASE("an activation layer has the bits of a dense one that does nothing else", "[layer]") {
  const sf::ActivationLayer<double, sf::Tanh> layer(2);
  const sf::Dense<double, sf::Tanh> dense(2, 2);
  const sf::Vector<double> identity{{1, 0, 0, 1, 0, 0}};
  const auto x = test::input<double>(2, 5), dy = test::normals<double>(2, 5, "dy");
  CHECK(test::outputs(layer, {}, x) == test::outputs(dense, identity, x));
  CHECK(test::gradients(layer, {}, x, dy).inputs == test::gradients(dense, identity, x, dy).inputs);
}

TEST_CASE("an activation layer refuses a size below 1", "[layer]") {
  CHECK_THROWS_WITH((sf::ActivationLayer<float, sf::Tanh>(0)),
                    test::contains("ActivationLayer: expected a size from 1 on, got 0; it is the outputs"));
}

TEST_CASE("a layer that starts at 0 is the same layer otherwise", "[layer]") {
  const sf::Dense<double, sf::Tanh> layer(3, 2);
  const sf::ZeroInitialised zero(layer);
  CHECK(test::starting_values(zero) == sf::Vector<double>::Zero(8));
  const auto p = test::parameters(layer);
  const auto x = test::input<double>(3, 4);
  CHECK(test::outputs(zero, p, x) == test::outputs(layer, p, x));
  CHECK(test::outputs(zero, test::starting_values(zero), x).isZero(0));

  // It is known by the same shapes.
  const sf::ImageShape shape{.height = 1, .width = 2, .channels = 4};
  CHECK(sf::ZeroInitialised(sf::GroupNorm<float>(shape, 2)).output_shape() == shape);
}

TEST_CASE("an attention block adds the attention of the normalised image, and starts as the identity", "[layer]") {
  const sf::ImageShape shape{.height = 2, .width = 3, .channels = 4};
  const sf::AttentionBlock<double> block(shape, 2, 2);
  const sf::GroupNorm<double> norm(shape, 2);
  const sf::SelfAttention<double> attention(shape, 2);
  const auto x = test::input<double>(block.inputs(), 5);
  CHECK(test::outputs(block, test::starting_values(block), x) == x);

  const auto p = test::parameters(block);
  const sf::Vector<double> of_norm = p.head(norm.parameter_count()), of_attention = p.tail(attention.parameter_count());
  CHECK(test::outputs(block, p, x) == x + test::outputs(attention, of_attention, test::outputs(norm, of_norm, x)));
}

TEST_CASE("an attention block refuses groups and heads that do not divide the channels", "[layer]") {
  const sf::ImageShape shape{.height = 2, .width = 3, .channels = 4};
  CHECK_THROWS_WITH(sf::AttentionBlock<float>(shape, 3, 2), test::contains("GroupNorm: expected a number of groups"));
  CHECK_THROWS_WITH(sf::AttentionBlock<float>(shape, 2, 3),
                    test::contains("SelfAttention: expected a number of heads that divides the channels, got 3 heads"));
}
