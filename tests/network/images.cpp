// Layers with a context, connections across them, and the networks on images that they make.
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "scorefield/layer.hpp"
#include "scorefield/network.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "support/tolerances.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using sf::Index;

namespace {

/// A conditional layer as a plain one of the context below x, so that one gradient check sees both gradients.
template <sf::ConditionalLayer L>
class Joined {
 public:
  using Scalar = typename L::Scalar;
  struct Workspace {
    typename L::Workspace layer;
    sf::Matrix<Scalar> x, c, dx, dc;
  };

  explicit Joined(L layer) : layer_(std::move(layer)) {}
  Index inputs() const { return layer_.inputs() + layer_.context_size(); }
  Index outputs() const { return layer_.outputs(); }
  Index parameter_count() const { return layer_.parameter_count(); }
  void declare(sf::ParameterLayout& layout, const std::string& prefix) const { layer_.declare(layout, prefix); }
  void initialise(sf::VectorView<Scalar> p, const sf::Random& random, Index index) const {
    layer_.initialise(p, random, index);
  }
  Workspace workspace(Index n) const {
    const auto like = [n](Index rows) { return sf::Matrix<Scalar>(rows, n); };
    return {layer_.workspace(n), like(layer_.inputs()), like(layer_.context_size()), like(layer_.inputs()),
            like(layer_.context_size())};
  }
  void evaluate(sf::ConstVectorView<Scalar> p, sf::ConstMatrixView<Scalar> x, sf::MatrixView<Scalar> y,
                Workspace& w) const {
    part(x, w);
    layer_.evaluate(p, some(std::as_const(w.x), x), some(std::as_const(w.c), x), y, w.layer);
  }
  void forward(sf::ConstVectorView<Scalar> p, sf::ConstMatrixView<Scalar> x, sf::MatrixView<Scalar> y,
               Workspace& w) const {
    part(x, w);
    layer_.forward(p, some(std::as_const(w.x), x), some(std::as_const(w.c), x), y, w.layer);
  }
  void backward(sf::ConstVectorView<Scalar> p, sf::ConstMatrixView<Scalar> x, sf::ConstMatrixView<Scalar> y,
                sf::MatrixView<Scalar> dy, sf::MatrixView<Scalar> dx, sf::VectorView<Scalar> g, Workspace& w) const {
    auto dc = some(w.dc, x);
    dc.setConstant(3);  // the layer adds to it
    layer_.backward(p, some(std::as_const(w.x), x), some(std::as_const(w.c), x), y, dy, sf::columns(w.dx, 0, dx.cols()),
                    dc, g, w.layer);
    if (dx.cols() == 0) return;
    dx.topRows(layer_.inputs()) = some(w.dx, x);
    dx.bottomRows(layer_.context_size()) = dc.array() - 3;
  }

 private:
  template <class M>
  static auto some(M& m, sf::ConstMatrixView<Scalar> x) {
    return sf::columns(m, 0, x.cols());
  }
  void part(sf::ConstMatrixView<Scalar> x, Workspace& w) const {
    some(w.x, x) = x.topRows(layer_.inputs());
    some(w.c, x) = x.bottomRows(layer_.context_size());
  }

  L layer_;
};

template <sf::Layer L>
void check_gradients(const L& layer) {
  const auto errors = test::gradient_errors(layer, 3);
  CHECK(errors.parameters < test::Tolerance<double>::gradient);
  CHECK(errors.inputs < test::Tolerance<double>::gradient);
}

/// Calls of a layer on 5 columns and on each alone give the same bits, allocate nothing, and forward is evaluate.
template <sf::Layer L>
void check_columns(const L& layer) {
  using Scalar = typename L::Scalar;
  constexpr Index n = 5;
  const sf::Vector<Scalar> p = test::normals<Scalar>(layer.parameter_count(), 1, "p") / 4;
  const auto x = test::normals<Scalar>(layer.inputs(), n, "x"), dy = test::normals<Scalar>(layer.outputs(), n, "dy");
  auto w = layer.workspace(n);
  sf::Matrix<Scalar> y(layer.outputs(), n), evaluated = y, scratch = dy, dx(layer.inputs(), n), none(layer.inputs(), 0);
  sf::Vector<Scalar> g = sf::Vector<Scalar>::Zero(p.size()), without_dx = g, alone = g;
  dx.setConstant(std::numeric_limits<Scalar>::quiet_NaN());
  CHECK(test::count_allocations([&] {
          layer.evaluate(sf::view(p), sf::view(x), sf::view(evaluated), w);
          layer.forward(sf::view(p), sf::view(x), sf::view(y), w);
          layer.backward(sf::view(p), sf::view(x), sf::view(std::as_const(y)), sf::view(scratch), sf::view(dx),
                         sf::view(g), w);
        }) == 0);
  CHECK(evaluated == y);
  scratch = dy;
  layer.backward(sf::view(p), sf::view(x), sf::view(std::as_const(y)), sf::view(scratch), sf::view(none),
                 sf::view(without_dx), w);
  CHECK(without_dx == g);
  for (Index j = 0; j < n; ++j) {
    const sf::Matrix<Scalar> one = x.col(j);
    sf::Matrix<Scalar> one_y(layer.outputs(), 1), one_dy = dy.col(j), one_dx(layer.inputs(), 1);
    layer.forward(sf::view(p), sf::view(one), sf::view(one_y), w);
    layer.backward(sf::view(p), sf::view(one), sf::view(std::as_const(one_y)), sf::view(one_dy), sf::view(one_dx),
                   sf::view(alone), w);
    CHECK(one_y == y.col(j));
    CHECK(one_dx == dx.col(j));
  }
}

template <class S>
auto small_u() {
  const sf::ImageShape fine{.height = 4, .width = 4, .channels = 4};
  return sf::Sequential(sf::ResidualBlock<S>({4, 4, 2}, 4, 2, 3),
                        sf::SkipConnection(fine,
                                           sf::Sequential(sf::Convolution<S>(fine, 6, {.stride = 2}),
                                                          sf::ResidualBlock<S>({2, 2, 6}, 6, 3, 3),
                                                          sf::TransposedConvolution<S>({2, 2, 6}, 4)),
                                           sf::ResidualBlock<S>({4, 4, 8}, 2, 2, 3)));
}

using SmallUNet = sf::UNet<double, sf::ImageShape{4, 8, 1},
                           sf::UNetOptions{.fold = 2, .blocks = 2, .groups = 2, .heads = 3, .embedding = 4}, 4, 6>;

template <sf::ImageShape image, sf::UNetOptions options, Index... widths>
concept MakesUNet = requires {
  typename sf::UNet<float, image, options, widths...>;
};
static_assert(MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{}, 8, 16, 24, 32>);
static_assert(MakesUNet<sf::ImageShape{28, 27, 1}, sf::UNetOptions{}, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 27, 1}, sf::UNetOptions{}, 8, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.fold = 3}, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{}, 12>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.groups = 0}, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.blocks = 0}, 8>);
static_assert(MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.heads = 3}, 8, 24>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{.heads = 3}, 24, 8>);
static_assert(!MakesUNet<sf::ImageShape{28, 28, 1}, sf::UNetOptions{}>);

static_assert(sf::ConditionalLayer<sf::ResidualBlock<float>>);
static_assert(!sf::Layer<sf::ResidualBlock<float>>);
using Plain = sf::Convolution<float>;
using Conditional = sf::ResidualBlock<float>;
static_assert(sf::Layer<sf::SkipConnection<Plain, Plain>>);
static_assert(!sf::ConditionalLayer<sf::SkipConnection<Plain, Plain>>);
static_assert(sf::ConditionalLayer<sf::SkipConnection<Conditional, Plain>>);
static_assert(sf::ConditionalLayer<sf::SkipConnection<Plain, Conditional>>);
static_assert(sf::ConditionalLayer<sf::SkipConnection<Conditional, Conditional>>);
static_assert(!sf::Layer<sf::SkipConnection<Plain, Conditional>>);
static_assert(sf::Network<SmallUNet>);
static_assert(sf::Network<sf::TutorialUNet<float>>);

}  // namespace

TEST_CASE("a residual block keeps the promises of a conditional layer", "[network]") {
  check_gradients(Joined(sf::ResidualBlock<double>({.height = 3, .width = 2, .channels = 4}, 4, 2, 3)));
  check_gradients(Joined(sf::ResidualBlock<double>({.height = 2, .width = 3, .channels = 4}, 6, 2, 1)));
  check_columns(Joined(sf::ResidualBlock<float>({.height = 3, .width = 2, .channels = 4}, 12, 2, 3)));
  check_columns(Joined(sf::ResidualBlock<double>({.height = 3, .width = 2, .channels = 4}, 4, 2, 3)));
}

TEST_CASE("a residual block starts as its shortcut", "[network]") {
  const sf::ResidualBlock<double> block({.height = 3, .width = 2, .channels = 4}, 4, 2, 3);
  sf::Vector<double> p(block.parameter_count());
  block.initialise(sf::view(p), sf::Random(sf::Seed{5}, "parameters"), 0);
  const auto x = test::normals<double>(block.inputs(), 2, "x"), c = test::normals<double>(3, 2, "c");
  sf::Matrix<double> y(block.outputs(), 2);
  auto w = block.workspace(2);
  block.evaluate(sf::view(std::as_const(p)), sf::view(x), sf::view(c), sf::view(y), w);
  CHECK(y == x);
}

TEST_CASE("layers with a context in sequence keep the promises of one", "[network]") {
  check_gradients(Joined(small_u<double>()));
  check_columns(Joined(small_u<float>()));
  CHECK_THROWS_WITH(
      sf::Sequential(sf::ResidualBlock<float>({2, 2, 4}, 4, 2, 3), sf::ResidualBlock<float>({2, 2, 4}, 4, 2, 5)),
      test::contains("Sequential: expected one context, of 3 numbers, got layer 1 with one of 5"));
}

TEST_CASE("a skip connection puts the input's channels after those of its layer", "[network]") {
  const sf::ImageShape shape{.height = 1, .width = 2, .channels = 2};
  const sf::SkipConnection skip(shape, sf::ActivationLayer<double, sf::ReLU>(4),
                                sf::Convolution<double>({1, 2, 4}, 4, {.kernel = 1, .padding = 0}));
  const sf::Matrix<double> x{{-1}, {2}, {3}, {-4}};
  sf::Matrix<double> y(8, 1);
  auto w = skip.workspace(1);
  sf::Vector<double> identity = sf::Vector<double>::Zero(skip.parameter_count());
  sf::MatrixView<double>(identity.data(), 4, 4).setIdentity();
  skip.evaluate(sf::view(std::as_const(identity)), sf::view(x), sf::view(y), w);
  CHECK(y == sf::Matrix<double>{{0}, {2}, {-1}, {2}, {3}, {0}, {3}, {-4}});
  CHECK(skip.output_shape() == sf::ImageShape{1, 2, 4});
  CHECK_THROWS_WITH(sf::SkipConnection({.height = 2, .width = 2, .channels = 1}, sf::Dense<float>(4, 5),
                                       sf::Convolution<float>({2, 2, 2}, 1)),
                    test::contains("SkipConnection: expected a layer from 4 numbers to channels for 4 pixels"));
  CHECK_THROWS_WITH(sf::SkipConnection({.height = 2, .width = 2, .channels = 1}, sf::Dense<float>(4, 8),
                                       sf::Convolution<float>({2, 2, 2}, 1)),
                    test::contains("SkipConnection: expected a layer after it that takes 2 x 2 x 3, got one that takes "
                                   "2 x 2 x 2"));
  CHECK_THROWS_WITH(
      sf::SkipConnection({.height = 2, .width = 2, .channels = 2}, sf::ResidualBlock<float>({2, 2, 2}, 2, 1, 3),
                         sf::ResidualBlock<float>({2, 2, 4}, 2, 1, 5)),
      test::contains("SkipConnection: expected one context, of 3 numbers"));
}

TEST_CASE("a skip connection keeps the promises of a layer, whichever of its layers look at a context", "[network]") {
  const sf::ImageShape shape{.height = 3, .width = 4, .channels = 2}, joined{3, 4, 5};
  const auto check = [&](const auto& make) {
    check_gradients(make(double{}));
    check_columns(make(double{}));
    check_columns(make(float{}));
  };
  const auto plain = [](auto scalar, const sf::ImageShape& from, Index to) {
    return sf::Convolution<decltype(scalar), sf::Tanh>(from, to);
  };
  const auto block = [](auto scalar, const sf::ImageShape& from, Index to) {
    return sf::ResidualBlock<decltype(scalar)>(from, to, 1, 3);
  };
  check([&](auto s) { return sf::SkipConnection(shape, plain(s, shape, 3), plain(s, joined, 2)); });
  check([&](auto s) { return Joined(sf::SkipConnection(shape, block(s, shape, 3), plain(s, joined, 2))); });
  check([&](auto s) { return Joined(sf::SkipConnection(shape, plain(s, shape, 3), block(s, joined, 5))); });
  check([&](auto s) { return Joined(sf::SkipConnection(shape, block(s, shape, 3), block(s, joined, 2))); });
}

TEST_CASE("a U-Net keeps the promises of a network", "[network]") {
  const SmallUNet network;
  sf::Vector<double> start(network.layout().size());
  network.initialise(sf::view(start), sf::Random(sf::Seed{3}, "parameters"));
  auto w = network.workspace();
  constexpr Index n = 3;
  const auto x = test::normals<double>(network.dimension(), n, "x");
  const sf::Vector<double> t = sf::Vector<double>::LinSpaced(n, 0.1, 0.9);
  sf::Matrix<double> y(network.dimension(), n);
  network.evaluate(sf::view(std::as_const(start)), sf::view(x), sf::view(t), sf::view(y), w);
  CHECK(y.isZero(0));  // it starts as 0

  // Parameters that are nowhere 0, so that gradients are not.
  const sf::Vector<double> p = start + test::normals<double>(start.size(), 1, "p") / 10;
  const auto errors = test::gradient_errors(
      x, p, network.dimension(),
      [&](const auto& q, const auto& z, auto& out) {
        network.evaluate(sf::view(q), sf::view(z), sf::view(t), sf::view(out), w);
      },
      [&](const auto& q, const auto& z, auto& out, auto& dy, auto& dx, auto& g) {
        network.forward(sf::view(q), sf::view(z), sf::view(t), sf::view(out), w);
        CHECK(test::count_allocations(
                  [&] { network.backward(sf::view(q), sf::view(dy), sf::view(dx), sf::view(g), w); }) == 0);
      });
  CHECK(errors.parameters < test::Tolerance<double>::gradient);
  CHECK(errors.inputs < test::Tolerance<double>::gradient);
}

TEST_CASE("a network that sees the time as a channel keeps the promises of a network", "[network]") {
  const sf::ImageShape image{.height = 4, .width = 4, .channels = 1}, with_time{4, 4, 2};
  const auto body = [&] {
    const sf::ImageShape fine{4, 4, 3};
    return sf::Sequential(
        sf::Convolution<double, sf::LogSigmoid>(with_time, 3),
        sf::SkipConnection(
            fine,
            sf::Sequential(sf::MaxPool<double>(fine), sf::TransposedConvolution<double, sf::LogSigmoid>({2, 2, 3}, 3)),
            sf::Convolution<double>({4, 4, 6}, 1)));
  };
  const auto errors = test::gradient_errors(sf::TimeChannel(image, body(), 4), 3);
  CHECK(errors.parameters < test::Tolerance<double>::gradient);
  CHECK(errors.inputs < test::Tolerance<double>::gradient);
  CHECK_THROWS_WITH(sf::TimeChannel(with_time, body(), 4),
                    test::contains("TimeChannel: expected a body from 48 to 32"));
}

TEST_CASE("the tutorial's network has its parameters", "[network]") {
  const sf::TutorialUNet<float> network;
  CHECK(network.layout().size() == 2'361'409);
  CHECK(network.dimension() == 784);
  sf::Vector<float> p(network.layout().size());
  network.initialise(sf::view(p), sf::Random(sf::Seed{3}, "parameters"));
  auto w = network.workspace();
  const auto x = test::normals<float>(784, 2, "x");
  const sf::Vector<float> t = sf::Vector<float>::LinSpaced(2, 0.1f, 0.9f);
  sf::Matrix<float> y(784, 2), first(784, 1);
  network.evaluate(sf::view(std::as_const(p)), sf::view(x), sf::view(t), sf::view(y), w);
  CHECK(y.allFinite());
  network.evaluate(sf::view(std::as_const(p)), sf::columns(x, 0, 1), sf::segment(sf::view(t), 0, 1), sf::view(first),
                   w);
  CHECK(first == y.col(0));
}
