#include "scorefield/layer/sequential.hpp"

#include <string>
#include <utility>
#include <vector>

#include "scorefield/layer.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

using Dense = sf::Dense<double, sf::Tanh>;

/// y_i = x_i + p x_i^3: a layer of the user's own, which backward reads x of.
struct Cubic {
  using Scalar = double;
  struct Workspace {};

  sf::Index size;

  sf::Index inputs() const { return size; }
  sf::Index context_size() const { return 0; }
  sf::Index outputs() const { return size; }
  sf::Index parameter_count() const { return 1; }
  void declare(sf::ParameterLayout& layout, const std::string& prefix) const { layout.add(prefix + "cubic", 1, 1); }
  void initialise(sf::VectorView<double> p, const sf::Random&, sf::Index) const { p(0) = 0.25; }
  Workspace workspace(sf::Index) const { return {}; }
  void evaluate(sf::ConstVectorView<double> p, sf::ConstMatrixView<double> x, sf::ConstMatrixView<double>,
                sf::MatrixView<double> y, Workspace&) const {
    y.array() = x.array() + p(0) * x.array().cube();
  }
  void forward(sf::ConstVectorView<double> p, sf::ConstMatrixView<double> x, sf::ConstMatrixView<double> c,
               sf::MatrixView<double> y, Workspace& w) const {
    evaluate(p, x, c, y, w);
  }
  void backward(sf::ConstVectorView<double> p, sf::ConstMatrixView<double> x, sf::ConstMatrixView<double>,
                sf::ConstMatrixView<double>, sf::MatrixView<double> dy, sf::MatrixView<double> dx,
                sf::MatrixView<double>, sf::VectorView<double> g, Workspace&) const {
    if (g.size() > 0) g(0) += (dy.array() * x.array().cube()).sum();
    if (dx.cols() > 0) dx.array() = dy.array() * (1 + 3 * p(0) * x.array().square());
  }
};

/// y_i = tanh x_i without parameters, whose backward reads y.
struct Squash {
  using Scalar = double;
  struct Workspace {};

  sf::Index size;

  sf::Index inputs() const { return size; }
  sf::Index context_size() const { return 0; }
  sf::Index outputs() const { return size; }
  sf::Index parameter_count() const { return 0; }
  void declare(sf::ParameterLayout&, const std::string&) const {}
  void initialise(sf::VectorView<double>, const sf::Random&, sf::Index) const {}
  Workspace workspace(sf::Index) const { return {}; }
  void evaluate(sf::ConstVectorView<double>, sf::ConstMatrixView<double> x, sf::ConstMatrixView<double>,
                sf::MatrixView<double> y, Workspace&) const {
    y.array() = x.array().tanh();
  }
  void forward(sf::ConstVectorView<double> p, sf::ConstMatrixView<double> x, sf::ConstMatrixView<double> c,
               sf::MatrixView<double> y, Workspace& w) const {
    evaluate(p, x, c, y, w);
  }
  void backward(sf::ConstVectorView<double>, sf::ConstMatrixView<double>, sf::ConstMatrixView<double>,
                sf::ConstMatrixView<double> y, sf::MatrixView<double> dy, sf::MatrixView<double> dx,
                sf::MatrixView<double>, sf::VectorView<double>, Workspace&) const {
    if (dx.cols() > 0) dx.array() = dy.array() * (1 - y.array().square());
  }
};

static_assert(sf::Layer<Cubic> && sf::Layer<Squash>);
static_assert(sf::Layer<sf::Sequential<Dense, Cubic, Squash>>);
static_assert(sf::Layer<sf::LayerList<Cubic>>);
static_assert(sf::Layer<sf::LayerList<sf::Sequential<Dense, Squash>>>);

template <sf::Layer L>
void check_gradients(const L& layer) {
  const auto errors = test::gradient_errors(layer, 6);
  CHECK(errors.parameters < test::Tolerance<double>::gradient);
  CHECK(errors.inputs < test::Tolerance<double>::gradient);
}

std::string names(const auto& layer) {
  sf::ParameterLayout layout;
  layer.declare(layout, "net.");
  CHECK(layout.size() == layer.parameter_count());
  std::string all;
  for (const auto& piece : layout.pieces()) all += piece.name + " ";
  return all;
}

}  // namespace

TEST_CASE("layers of the user's own follow each other, and backward meets each one's x and y", "[network]") {
  const sf::Sequential layers{Dense(3, 5), Cubic{5}, Squash{5}, Dense(5, 2), Squash{2}};
  CHECK(layers.inputs() == 3);
  CHECK(layers.outputs() == 2);
  CHECK(names(layers) == "net.0.weight net.0.bias net.1.cubic net.3.weight net.3.bias ");
  check_gradients(layers);
  check_gradients(sf::Sequential{Squash{4}, Cubic{4}});
  check_gradients(sf::Sequential{Cubic{4}});
}

TEST_CASE("sequences are layers of sequences", "[network]") {
  const sf::Sequential layers{sf::Sequential{Dense(3, 5), Cubic{5}},
                              sf::LayerList{std::vector{Dense(5, 4), Dense(4, 4)}}};
  CHECK(names(layers) ==
        "net.0.0.weight net.0.0.bias net.0.1.cubic "
        "net.1.0.weight net.1.0.bias net.1.1.weight net.1.1.bias ");
  check_gradients(layers);
}

TEST_CASE("a list of layers is the sequence of them", "[network]") {
  const sf::Sequential sequence{Dense(3, 5), Dense(5, 4), Dense(4, 2)};
  const sf::LayerList list{std::vector{Dense(3, 5), Dense(5, 4), Dense(4, 2)}};
  REQUIRE(list.parameter_count() == sequence.parameter_count());
  CHECK(names(list) == names(sequence));
  const auto x = test::input<double>(3, 9);
  const auto p = test::starting_values(sequence);
  CHECK(test::starting_values(list) == p);
  CHECK(test::outputs(list, p, x) == test::outputs(sequence, p, x));
  check_gradients(list);
}

TEMPLATE_TEST_CASE("layers with a context in sequence keep the promises of one", "[network]", float, double) {
  using Block = sf::ResidualBlock<TestType>;
  test::check_layer(sf::Sequential(Block({.height = 2, .width = 3, .channels = 2}, 4, 2, 3),
                                   sf::Convolution<TestType>({.height = 2, .width = 3, .channels = 4}, 2),
                                   Block({.height = 2, .width = 3, .channels = 2}, 2, 1, 3)));
  CHECK_THROWS_WITH(sf::Sequential(Block({2, 2, 4}, 4, 2, 3), Block({2, 2, 4}, 4, 2, 5)),
                    test::contains("Sequential: expected one context, of 3 numbers, got layer 1 with one of 5"));
}

TEST_CASE("neighbours of different widths are refused", "[network]") {
  CHECK_THROWS_AS(sf::Sequential(Dense(3, 5), Dense(4, 2)), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::Sequential(Dense(3, 5), Cubic{5}, Dense(4, 2)),
                    test::contains("Sequential: expected layer 2 to take the 5 outputs of the one before, got one of "
                                   "4 inputs; make neighbouring widths equal"));
  CHECK_THROWS_WITH(sf::LayerList(std::vector{Dense(3, 5), Dense(4, 2)}),
                    test::contains("LayerList: expected layer 1 to take the 5 outputs of the one before, got"));
  CHECK_THROWS_WITH(sf::LayerList(std::vector<Dense>{}), test::contains("LayerList: expected at least one layer"));
}
