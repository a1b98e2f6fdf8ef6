// What scorefield/layer/concept.hpp promises, for every layer.
#include <string>
#include <utility>

#include "scorefield/layer.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// An affine map of each number on its own, with nothing to remember but x: a layer of the user's.
template <class S>
class Scale {
 public:
  using Scalar = S;
  struct Workspace {};

  explicit Scale(sf::Index size) : size_(size) {}
  sf::Index inputs() const { return size_; }
  sf::Index context_size() const { return 0; }
  sf::Index outputs() const { return size_; }
  sf::Index parameter_count() const { return size_; }
  void declare(sf::ParameterLayout& layout, const std::string& prefix) const { layout.add(prefix + "scale", size_, 1); }
  void initialise(sf::VectorView<S> p, const sf::Random& random, sf::Index index) const {
    random.uniform(sf::MatrixView<S>(p.data(), size_, 1), index, 0);
  }
  Workspace workspace(sf::Index) const { return {}; }
  void evaluate(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::ConstMatrixView<S>, sf::MatrixView<S> y,
                Workspace&) const {
    y.array() = x.array().colwise() * p.array();
  }
  void forward(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::ConstMatrixView<S> c, sf::MatrixView<S> y,
               Workspace& w) const {
    evaluate(p, x, c, y, w);
  }
  void backward(sf::ConstVectorView<S> p, sf::ConstMatrixView<S> x, sf::ConstMatrixView<S>, sf::ConstMatrixView<S>,
                sf::MatrixView<S> dy, sf::MatrixView<S> dx, sf::MatrixView<S>, sf::VectorView<S> g, Workspace&) const {
    if (g.size() > 0)
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
static_assert(sf::Layer<sf::ActivationLayer<float, sf::SiLU>>);
static_assert(sf::Layer<sf::AveragePool<float>>);
static_assert(sf::Layer<sf::DepthToSpace<float>>);
static_assert(sf::Layer<sf::GaussianFourierEmbedding<float>>);
static_assert(sf::Layer<sf::GroupNorm<float, sf::SiLU>>);
static_assert(sf::Layer<sf::MaxPool<float>>);
static_assert(sf::Layer<sf::SelfAttention<float>>);
static_assert(sf::Layer<sf::AttentionBlock<float>>);
static_assert(sf::Layer<sf::SinusoidalEmbedding<float>>);
static_assert(sf::Layer<sf::SpaceToDepth<float>>);
static_assert(sf::Layer<sf::UpsampleNearest<float>>);
static_assert(sf::Layer<sf::ZeroInitialised<sf::Dense<float>>>);
static_assert(sf::Layer<Scale<float>>);
static_assert(!sf::Layer<ScaleThatKeepsNoGradient<float>>);
static_assert(!sf::Layer<sf::Tanh>);
static_assert(sf::Activation<test::Square>);
static_assert(!sf::Activation<SquareOfDoublesAlone>);
static_assert(!sf::Activation<SquareWithoutDerivative>);
static_assert(!sf::Activation<sf::Dense<float>>);

}  // namespace

TEST_CASE("a residual dense layer keeps the promises of a layer", "[layer]") {
  test::check_layer(sf::ResidualDense<double>(5, 3));
  test::check_layer(sf::ResidualDense<float, sf::Tanh>(17, 2));
}

TEMPLATE_TEST_CASE("a dense layer keeps the promises of a layer with every activation", "[layer]", sf::Identity,
                   sf::LogSigmoid, sf::Softplus, sf::SiLU, sf::Tanh, sf::ReLU, test::Square) {
  test::check_layer(sf::Dense<double, TestType>(3, 5));
  test::check_layer(sf::Dense<float, TestType>(17, 2));
}

TEMPLATE_TEST_CASE("a dense layer keeps the promises of a layer in every size", "[layer]", float, double) {
  for (const auto& [inputs, outputs] : {std::pair{1, 1}, {1, 9}, {17, 2}, {2, 33}, {130, 7}, {4, 8}})
    test::check_layer(sf::Dense<TestType, sf::SiLU>(inputs, outputs));
  test::check_layer(sf::Dense<TestType, sf::SiLU, 3, 5>{});
  test::check_layer(sf::Dense<TestType, sf::SiLU, 17, Eigen::Dynamic>(17, 2));
}

TEMPLATE_TEST_CASE("a layer of the user's own keeps the promises of a layer", "[layer]", float, double) {
  test::check_layer(Scale<TestType>(9));
}

TEMPLATE_TEST_CASE("an activation layer keeps the promises of a layer", "[layer]", float, double) {
  test::check_layer(sf::ActivationLayer<TestType, sf::SiLU>(9));
  test::check_layer(sf::ActivationLayer<TestType, sf::Identity>(1));
}

TEMPLATE_TEST_CASE("a layer that starts at 0 keeps the promises of a layer", "[layer]", float, double) {
  test::check_layer(sf::ZeroInitialised(sf::Dense<TestType, sf::Tanh>(3, 5)), test::Starts::fixed);
}

TEMPLATE_TEST_CASE("embeddings keep the promises of a layer", "[layer]", float, double) {
  // The error of a central difference grows with the square of the frequency.
  for (const sf::Index outputs : {2, 6, 34})
    test::check_layer(sf::SinusoidalEmbedding<TestType>(outputs, {.highest = 30, .lowest = 0.1}));
  for (const sf::Index outputs : {2, 34})
    test::check_layer(sf::GaussianFourierEmbedding<TestType>(outputs, TestType(2), sf::Seed{7}));
}
