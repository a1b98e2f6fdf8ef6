// What scorefield/layer/concept.hpp promises, for every layer.
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "scorefield/layer.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

template <class Scalar>
sf::Matrix<Scalar> input(sf::Index rows, sf::Index cols) {
  return test::normals<Scalar>(rows, cols, "input");
}

template <sf::Layer L>
sf::Vector<typename L::Scalar> parameters(const L& layer) {
  sf::Vector<typename L::Scalar> p(layer.parameter_count());
  layer.initialise(sf::view(p), sf::Random(sf::Seed{5}, "parameters"), 0);
  return p;
}

template <sf::Layer L>
void check_declaration(const L& layer) {
  sf::ParameterLayout layout;
  layout.add("before", 2, 3);
  layer.declare(layout, "here.");
  CHECK(layout.size() == 6 + layer.parameter_count());
  for (const auto& piece : layout.pieces())
    if (piece.offset > 0) CHECK(piece.name.starts_with("here."));
}

template <sf::Layer L>
void check_starting_values(const L& layer) {
  using Scalar = typename L::Scalar;
  // Numbers before and after a layer's own are not its business.
  const sf::Index n = layer.parameter_count();
  sf::Vector<Scalar> p = sf::Vector<Scalar>::Constant(n + 2, 99), other(n);
  const sf::Random random(sf::Seed{5}, "parameters");
  layer.initialise(sf::segment(sf::view(p), 1, n), random, 0);
  CHECK((p(0) == 99 && p(n + 1) == 99));
  CHECK(p.segment(1, n) == parameters(layer));
  layer.initialise(sf::view(other), random, 1);
  CHECK(p.segment(1, n) != other);
}

/// Where a workspace was made for more columns, and whatever it held before.
template <sf::Layer L>
void check_columns_on_their_own(const L& layer, sf::Index n) {
  using Scalar = typename L::Scalar;
  const auto p = parameters(layer);
  const auto x = input<Scalar>(layer.inputs(), n);
  auto workspace = layer.workspace(n);
  sf::Matrix<Scalar> evaluated(layer.outputs(), n), forwarded(layer.outputs(), n);
  layer.evaluate(sf::view(p), sf::view(x), sf::view(evaluated), workspace);
  layer.forward(sf::view(p), sf::view(x), sf::view(forwarded), workspace);
  REQUIRE(evaluated.allFinite());
  CHECK(evaluated == forwarded);

  sf::Matrix<Scalar> dy = test::normals<Scalar>(layer.outputs(), n, "dy"), dx(layer.inputs(), n);
  sf::Vector<Scalar> g = sf::Vector<Scalar>::Zero(p.size());
  auto scratch = dy;
  layer.backward(sf::view(p), sf::view(x), sf::view(std::as_const(forwarded)), sf::view(scratch), sf::view(dx),
                 sf::view(g), workspace);

  // The same bits in the same columns, cut in any way.
  for (const sf::Index width : {sf::Index{1}, sf::Index{2}, sf::Index{5}, n - 1})
    for (sf::Index first = 0; first < n; first += width) {
      const sf::Index count = std::min(width, n - first);
      const sf::Matrix<Scalar> part_x = x.middleCols(first, count);
      sf::Matrix<Scalar> part_y(layer.outputs(), count), part_dy = dy.middleCols(first, count),
                                                         part_dx(layer.inputs(), count);
      layer.evaluate(sf::view(p), sf::view(part_x), sf::view(part_y), workspace);
      REQUIRE(part_y == evaluated.middleCols(first, count));
      layer.forward(sf::view(p), sf::view(part_x), sf::view(part_y), workspace);
      REQUIRE(part_y == evaluated.middleCols(first, count));
      layer.backward(sf::view(p), sf::view(part_x), sf::view(std::as_const(part_y)), sf::view(part_dy),
                     sf::view(part_dx), sf::view(g), workspace);
      REQUIRE(part_dx == dx.middleCols(first, count));
    }
}

template <sf::Layer L>
void check_backward_manners(const L& layer, sf::Index n) {
  using Scalar = typename L::Scalar;
  const auto p = parameters(layer);
  const auto x = input<Scalar>(layer.inputs(), n);
  auto workspace = layer.workspace(n);
  sf::Matrix<Scalar> y(layer.outputs(), n), dx(layer.inputs(), n), none(layer.inputs(), 0);
  const sf::Matrix<Scalar> dy = test::normals<Scalar>(layer.outputs(), n, "dy");
  const auto backward = [&](sf::Matrix<Scalar>& to, sf::Vector<Scalar>& g) {
    auto scratch = dy;
    layer.forward(sf::view(p), sf::view(x), sf::view(y), workspace);
    layer.backward(sf::view(p), sf::view(x), sf::view(std::as_const(y)), sf::view(scratch), sf::view(to), sf::view(g),
                   workspace);
  };
  sf::Vector<Scalar> once = sf::Vector<Scalar>::Zero(p.size()), without_dx = once;
  // What is in dx does not matter, what is in g is kept.
  dx.setConstant(std::numeric_limits<Scalar>::quiet_NaN());
  backward(dx, once);
  CHECK(dx.allFinite());
  CHECK(once.norm() > 0);
  backward(none, without_dx);
  CHECK(without_dx == once);

  sf::Vector<Scalar> offset = sf::Vector<Scalar>::Constant(p.size(), 100);
  backward(dx, offset);
  // Sums of n numbers near 100, each rounded in steps of at most 256 epsilon.
  const double bound = 256 * static_cast<double>(n) * test::Tolerance<Scalar>::epsilon;
  CHECK(((offset.array() - 100) - once.array()).abs().maxCoeff() < bound);
}

template <sf::Layer L>
void check_allocations(const L& layer, sf::Index n) {
  using Scalar = typename L::Scalar;
  const auto p = parameters(layer);
  const auto x = input<Scalar>(layer.inputs(), n);
  auto workspace = layer.workspace(n);
  sf::Matrix<Scalar> y(layer.outputs(), n), dx(layer.inputs(), n), dy = sf::Matrix<Scalar>::Ones(layer.outputs(), n);
  sf::Vector<Scalar> g = sf::Vector<Scalar>::Zero(p.size());
  CHECK(test::count_allocations([&] {
          layer.evaluate(sf::view(p), sf::view(x), sf::view(y), workspace);
          layer.forward(sf::view(p), sf::view(x), sf::view(y), workspace);
          layer.backward(sf::view(p), sf::view(x), sf::view(std::as_const(y)), sf::view(dy), sf::view(dx), sf::view(g),
                         workspace);
        }) == 0);
}

template <sf::Layer L>
void check_layer(const L& layer) {
  CAPTURE(layer.inputs(), layer.outputs());
  check_declaration(layer);
  check_starting_values(layer);
  check_columns_on_their_own(layer, 13);  // one more than the widest tile of a product
  check_backward_manners(layer, 13);
  check_allocations(layer, 13);
  if constexpr (std::same_as<typename L::Scalar, double>) {
    const auto errors = test::gradient_errors(layer, 7);
    CHECK(errors.parameters < test::Tolerance<double>::gradient);
    CHECK(errors.inputs < test::Tolerance<double>::gradient);
  }
}

/// A smooth activation of the user's own.
struct Square {
  template <class P>
  static sf::ActivationValue<P> evaluate(const P& z) {
    return {Eigen::internal::pmul(z, z), Eigen::internal::padd(z, z)};
  }
};

/// An affine map of each number on its own, with nothing to remember but x: a layer of the user's.
template <class S>
class Scale {
 public:
  using Scalar = S;
  struct Workspace {};

  explicit Scale(sf::Index size) : size_(size) {}
  sf::Index inputs() const { return size_; }
  sf::Index outputs() const { return size_; }
  sf::Index parameter_count() const { return size_; }
  void declare(sf::ParameterLayout& layout, const std::string& prefix) const { layout.add(prefix + "scale", size_, 1); }
  void initialise(sf::VectorView<S> p, const sf::Random& random, sf::Index index) const {
    random.uniform(sf::MatrixView<S>(p.data(), size_, 1), index, 0);
  }
  Workspace workspace(sf::Index) const { return {}; }
  void evaluate(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::MatrixView<S> y, Workspace&) const {
    y.array() = x.array().colwise() * p.array();
  }
  void forward(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::MatrixView<S> y, Workspace& w) const {
    evaluate(p, x, y, w);
  }
  void backward(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::ConstMatrixView<S>, sf::MatrixView<S> dy,
                sf::MatrixView<S> dx, sf::VectorView<S> g, Workspace&) const {
    for (sf::Index j = 0; j < x.cols(); ++j) g.array() += dy.col(j).array() * x.col(j).array();
    if (dx.cols() > 0) dx.array() = dy.array().colwise() * p.array();
  }

 private:
  sf::Index size_;
};

template <class S>
struct ScaleThatKeepsNoGradient : Scale<S> {
  using Scale<S>::Scale;
  void backward() const;
};

struct SquareOfDoublesAlone {
  static sf::ActivationValue<double> evaluate(double z) { return {z * z, 2 * z}; }
};
struct SquareWithoutDerivative {
  template <class P>
  struct Value {
    P value;
  };
  template <class P>
  static Value<P> evaluate(const P& z) {
    return {z};
  }
};

static_assert(sf::Layer<sf::Dense<float>>);
static_assert(sf::Layer<sf::Dense<double, sf::Tanh, 3, 5>>);
static_assert(sf::Layer<Scale<float>>);
static_assert(!sf::Layer<ScaleThatKeepsNoGradient<float>>);
static_assert(!sf::Layer<sf::Tanh>);
static_assert(sf::Activation<Square>);
static_assert(!sf::Activation<SquareOfDoublesAlone>);
static_assert(!sf::Activation<SquareWithoutDerivative>);
static_assert(!sf::Activation<sf::Dense<float>>);

}  // namespace

TEMPLATE_TEST_CASE("a dense layer keeps the promises of a layer with every activation", "[layer]", sf::Identity,
                   sf::LogSigmoid, sf::Softplus, sf::SiLU, sf::Tanh, sf::ReLU, Square) {
  check_layer(sf::Dense<double, TestType>(3, 5));
  check_layer(sf::Dense<float, TestType>(17, 2));
}

TEMPLATE_TEST_CASE("a dense layer keeps the promises of a layer in every size", "[layer]", float, double) {
  for (const auto& [inputs, outputs] : {std::pair{1, 1}, {1, 9}, {17, 2}, {2, 33}, {130, 7}, {4, 8}})
    check_layer(sf::Dense<TestType, sf::SiLU>(inputs, outputs));
  check_layer(sf::Dense<TestType, sf::SiLU, 3, 5>{});
  check_layer(sf::Dense<TestType, sf::SiLU, 17, Eigen::Dynamic>(17, 2));
}

TEMPLATE_TEST_CASE("a layer of the user's own keeps the promises of a layer", "[layer]", float, double) {
  check_layer(Scale<TestType>(9));
}

TEMPLATE_TEST_CASE("a dense layer is f(W x + b)", "[layer]", float, double) {
  const sf::Dense<TestType, Square> layer(2, 3);
  sf::ParameterLayout layout;
  layer.declare(layout, "");
  REQUIRE(layout.pieces().size() == 2);
  CHECK((layout.pieces()[0].name == "weight" && layout.pieces()[0].rows == 3 && layout.pieces()[0].cols == 2));
  CHECK((layout.pieces()[1].name == "bias" && layout.pieces()[1].rows == 3 && layout.pieces()[1].cols == 1));

  sf::Vector<TestType> p(9);
  p << 1, 2, 3, 4, 5, 6, -1, 0, 1;  // W by columns, then b
  const sf::Matrix<TestType> x{{1, 0}, {2, -1}};
  sf::Matrix<TestType> y(3, 2);
  auto workspace = layer.workspace(2);
  layer.evaluate(sf::view(std::as_const(p)), sf::view(x), sf::view(y), workspace);
  CHECK(y == sf::Matrix<TestType>{{64, 25}, {144, 25}, {256, 25}});
}

TEMPLATE_TEST_CASE("a dense layer starts uniform in +-1/sqrt(inputs)", "[layer]", float, double) {
  const sf::Dense<TestType> layer(100, 99);
  const auto p = parameters(layer);
  CHECK(p.cwiseAbs().maxCoeff() <= TestType(0.1));
  // Of 9,999 uniform numbers the outermost misses the end by 1 % in 1 of 10^21 seeds; mean and square within five
  // deviations.
  CHECK((p.minCoeff() < -0.099 && p.maxCoeff() > 0.099));
  const auto n = static_cast<double>(p.size());
  const auto values = p.template cast<double>().array();
  CHECK(std::abs(values.mean()) < 5 * 0.1 / std::sqrt(3 * n));
  CHECK(std::abs(values.square().mean() - 0.01 / 3) < 5 * 0.01 * std::sqrt(4.0 / 45 / n));
}

TEST_CASE("a dense layer refuses sizes below 1", "[layer]") {
  CHECK_THROWS_AS(sf::Dense<float>(0, 3), sf::InvalidArgument);
  CHECK_THROWS_WITH(
      sf::Dense<float>(3, -1),
      test::contains("Dense: expected at least 1 input and 1 output, got 3 and -1; every width of a network"));
}
