#include "scorefield/layer/self_attention.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// As the formula has it, for one sample: x is channels x pixels.
sf::Matrix<double> attention(const sf::Vector<double>& p, const sf::Matrix<double>& x, sf::Index heads) {
  const sf::Index c = x.rows(), d = c / heads;
  const auto affine = [&](sf::Index i, const sf::Matrix<double>& of) {
    const sf::ConstMatrixView<double> weight(p.data() + i * (c * c + c), c, c);
    return sf::Matrix<double>((weight * of).colwise() + p.segment(i * (c * c + c) + c * c, c));
  };
  const auto q = affine(0, x), k = affine(1, x), v = affine(2, x);
  sf::Matrix<double> mixed(c, x.cols());
  for (sf::Index h = 0; h < c; h += d) {
    sf::Matrix<double> weights =
        (k.middleRows(h, d).transpose() * q.middleRows(h, d) / std::sqrt(static_cast<double>(d))).array().exp();
    for (sf::Index j = 0; j < weights.cols(); ++j) weights.col(j) /= weights.col(j).sum();
    mixed.middleRows(h, d) = v.middleRows(h, d) * weights;
  }
  return affine(3, mixed);
}

}  // namespace

TEST_CASE("self-attention is softmax(k^T q / sqrt(d)) v of each head", "[layer]") {
  for (const sf::Index heads : {1, 2, 3, 6}) {
    const sf::SelfAttention<double> layer({.height = 3, .width = 4, .channels = 6}, heads);
    const sf::Vector<double> p = test::normals<double>(layer.parameter_count(), 1, "parameters");
    const auto x = test::input<double>(layer.inputs(), 2);
    const auto y = test::outputs(layer, p, x);
    for (sf::Index j = 0; j < 2; ++j) {
      const auto expected = attention(p, x.col(j).reshaped(6, 12), heads);
      // Sums of some ten products of numbers up to some ten, three deep.
      CHECK((y.col(j) - expected.reshaped()).cwiseAbs().maxCoeff() < 1e-12);
    }
  }
}

TEMPLATE_TEST_CASE("attention weights bear large scores", "[layer]", float, double) {
  using S = TestType;
  // One channel, where q = k = 1000 x and v = x: each pixel of x > 0 looks at the largest, each of x < 0 at the least.
  const sf::SelfAttention<S> layer({.height = 1, .width = 3, .channels = 1}, 1);
  const sf::Vector<S> p{{1000, 0, 1000, 0, 1, 0, 1, 0}};
  const sf::Matrix<S> x = sf::Vector<S>{{-2, 1, 3}};
  CHECK(test::outputs(layer, p, x) == sf::Vector<S>{{-2, 3, 3}});
  // At a score of 0 all pixels weigh the same.
  const sf::Vector<S> without_query{{0, 0, 1000, 0, 1, 0, 1, 0}};
  const sf::Matrix<S> mean = sf::Vector<S>::Constant(3, S(2) / 3);
  CHECK((test::outputs(layer, without_query, x) - mean).cwiseAbs().maxCoeff() < 4 * test::Tolerance<S>::formula);
}

TEST_CASE("self-attention names its four maps and starts each as a dense layer", "[layer]") {
  const sf::SelfAttention<double> layer({.height = 2, .width = 2, .channels = 4}, 2);
  sf::ParameterLayout layout;
  layer.declare(layout, "");
  std::vector<std::string> names;
  for (const auto& piece : layout.pieces()) names.push_back(piece.name);
  CHECK(names == std::vector<std::string>{"query.weight", "query.bias", "key.weight", "key.bias", "value.weight",
                                          "value.bias", "output.weight", "output.bias"});
  CHECK((layout.pieces()[6].rows == 4 && layout.pieces()[6].cols == 4 && layout.pieces()[7].size() == 4));
  // Each its own numbers, within +-1/sqrt(channels).
  const auto p = test::starting_values(layer);
  CHECK(p.cwiseAbs().maxCoeff() <= 0.5);
  for (sf::Index i = 0; i < 4; ++i)
    for (sf::Index j = 0; j < i; ++j) CHECK(p.segment(20 * i, 20) != p.segment(20 * j, 20));
}

TEST_CASE("self-attention refuses heads that do not divide the channels", "[layer]") {
  const sf::ImageShape shape{.height = 2, .width = 2, .channels = 4};
  CHECK_THROWS_WITH(sf::SelfAttention<float>(shape, 3),
                    test::contains("SelfAttention: expected a number of heads that divides the channels, got 3 heads"));
  CHECK_THROWS_AS(sf::SelfAttention<float>(shape, 0), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::SelfAttention<float>({.height = 2, .width = 0, .channels = 4}, 2), sf::InvalidArgument);
}
