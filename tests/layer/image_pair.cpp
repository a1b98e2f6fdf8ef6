// Layers on a pair of images against the same layers on the one image that has the channels of both.
#include "scorefield/layer/image_pair.hpp"

#include <limits>
#include <utility>

#include "scorefield/layer.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using sf::Index;

static_assert(sf::PairLayer<sf::Convolution<float, sf::SiLU>>);
static_assert(sf::PairLayer<sf::TransposedConvolution<double>>);
static_assert(sf::PairLayer<sf::ResidualBlock<float>>);
static_assert(!sf::PairLayer<sf::MaxPool<float>>);
static_assert(!sf::PairLayer<sf::Dense<float>>);

namespace {

/// The channels [first, first + count) of images, as images.
template <class Scalar>
sf::Matrix<Scalar> part_of(const sf::Matrix<Scalar>& images, Index pixels, Index first, Index count) {
  sf::Matrix<Scalar> part(count * pixels, images.cols());
  sf::MatrixView<Scalar>(part.data(), count, pixels * images.cols()) =
      sf::ConstMatrixView<Scalar>(images.data(), images.rows() / pixels, images.cols() * pixels)
          .middleRows(first, count);
  return part;
}

/// What a layer computes.
template <class Scalar>
struct Results {
  sf::Matrix<Scalar> evaluated, y, dc;
  sf::Vector<Scalar> g;

  template <sf::Layer L, class X, class DX>
  Results(const L& layer, const X& x, const DX& dx, const sf::Matrix<Scalar>& dy) {
    const Index n = x.cols(), context = layer.context_size();
    const sf::Vector<Scalar> p = test::normals<Scalar>(layer.parameter_count(), 1, "p") / 4;
    const auto c = test::normals<Scalar>(context, n, "c");
    sf::Matrix<Scalar> scratch = dy;
    y = evaluated = dy;
    dc = sf::Matrix<Scalar>::Zero(context, n);
    g = sf::Vector<Scalar>::Zero(p.size());
    auto w = layer.workspace(n);
    CHECK(test::count_allocations([&] {
            layer.evaluate(sf::view(p), x, sf::view(c), sf::view(evaluated), w);
            layer.forward(sf::view(p), x, sf::view(c), sf::view(y), w);
            layer.backward(sf::view(p), x, sf::view(c), sf::view(std::as_const(y)), sf::view(scratch), dx, sf::view(dc),
                           sf::view(g), w);
          }) == 0);
  }
};

template <sf::PairLayer L>
void check_pairs(const L& layer) {
  using Scalar = typename L::Scalar;
  constexpr Index n = 3;
  const sf::ImageShape shape = layer.input_shape();
  const Index pixels = shape.pixels();
  const auto x = test::normals<Scalar>(layer.inputs(), n, "x"), dy = test::normals<Scalar>(layer.outputs(), n, "dy");
  sf::Matrix<Scalar> dx(layer.inputs(), n);
  const Results<Scalar> whole(layer, sf::view(x), sf::view(dx), dy);
  for (const Index cut : {Index{1}, shape.channels / 2, shape.channels - 1}) {
    CAPTURE(shape.height, shape.width, shape.channels, cut);
    const Index rest = shape.channels - cut;
    const auto first = part_of(x, pixels, 0, cut), second = part_of(x, pixels, cut, rest);
    constexpr auto unset = std::numeric_limits<Scalar>::quiet_NaN();
    sf::Matrix<Scalar> d_first = sf::Matrix<Scalar>::Constant(first.rows(), n, unset);
    sf::Matrix<Scalar> d_second = sf::Matrix<Scalar>::Constant(second.rows(), n, unset);
    const Results<Scalar> pair(layer, sf::ConstImagePairView<Scalar>(sf::view(first), sf::view(second)),
                               sf::ImagePairView<Scalar>(sf::view(d_first), sf::view(d_second)), dy);
    CHECK(pair.evaluated == whole.evaluated);
    CHECK(pair.y == whole.y);
    CHECK(pair.dc == whole.dc);
    CHECK(pair.g == whole.g);
    CHECK(d_first == part_of(dx, pixels, 0, cut));
    CHECK(d_second == part_of(dx, pixels, cut, rest));

    // A pair of no columns is not wanted.
    sf::Matrix<Scalar> no_first(first.rows(), 0), no_second(second.rows(), 0);
    const Results<Scalar> without_dx(layer, sf::ConstImagePairView<Scalar>(sf::view(first), sf::view(second)),
                                     sf::ImagePairView<Scalar>(sf::view(no_first), sf::view(no_second)), dy);
    CHECK(without_dx.dc == whole.dc);
    CHECK(without_dx.g == whole.g);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a convolution of a pair of images gives the bits of one of both", "[layer]", float, double) {
  using Convolution = sf::Convolution<TestType, sf::SiLU>;
  check_pairs(Convolution({.height = 5, .width = 4, .channels = 7}, 5));
  check_pairs(Convolution({.height = 4, .width = 7, .channels = 40}, 19, {.stride = 2}));
  check_pairs(Convolution({.height = 3, .width = 2, .channels = 24}, 8, {.kernel = 1, .padding = 0}));
  // By Winograd's way: the second has several panels of channels.
  REQUIRE(sf::detail::Winograd::pays<TestType>({14, 13, 32}, {14, 13, 16}, 3, 1));
  check_pairs(Convolution({.height = 14, .width = 13, .channels = 32}, 16));
  check_pairs(Convolution({.height = 9, .width = 8, .channels = 96}, 48));
}

TEMPLATE_TEST_CASE("a transposed convolution of a pair of images gives the bits of one of both", "[layer]", float,
                   double) {
  using Transposed = sf::TransposedConvolution<TestType, sf::SiLU>;
  check_pairs(Transposed({.height = 3, .width = 2, .channels = 6}, 5));
  check_pairs(Transposed({.height = 4, .width = 5, .channels = 80}, 24));
  check_pairs(Transposed({.height = 2, .width = 2, .channels = 16}, 9, {.stride = 1, .output_padding = 0}));
  check_pairs(Transposed({.height = 7, .width = 7, .channels = 192}, 64));
}

TEMPLATE_TEST_CASE("a residual block of a pair of images gives the bits of one of both", "[layer]", float, double) {
  // Groups of one or several channels, which the images share where these are cut within one.
  check_pairs(sf::ResidualBlock<TestType>({.height = 3, .width = 2, .channels = 6}, 6, 2, 3));
  check_pairs(sf::ResidualBlock<TestType>({.height = 3, .width = 4, .channels = 9}, 6, 3, 3));
  check_pairs(sf::ResidualBlock<TestType>({.height = 2, .width = 2, .channels = 5}, 5, 1, 3));
  check_pairs(sf::ResidualBlock<TestType>({.height = 8, .width = 9, .channels = 48}, 16, 8, 3));
}
