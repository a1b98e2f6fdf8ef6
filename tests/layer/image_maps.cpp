// Pooling, up-sampling and rearrangement, by hand.
#include <initializer_list>
#include <limits>

#include "scorefield/layer.hpp"

#include "layer/layer_checks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// 1, 2, 3, ...
template <class Scalar>
sf::Matrix<Scalar> counting(sf::Index size) {
  return sf::Vector<Scalar>::LinSpaced(size, 1, static_cast<Scalar>(size));
}

template <class L>
sf::Matrix<typename L::Scalar> of(const L& layer, const sf::Matrix<typename L::Scalar>& x) {
  return test::outputs(layer, {}, x);
}

template <class L>
sf::Matrix<typename L::Scalar> gradient_of(const L& layer, const sf::Matrix<typename L::Scalar>& x,
                                           const sf::Matrix<typename L::Scalar>& dy) {
  return test::gradients(layer, {}, x, dy).inputs;
}

template <class Scalar>
sf::Matrix<Scalar> column(std::initializer_list<Scalar> values) {
  return sf::ConstMatrixView<Scalar>(values.begin(), static_cast<sf::Index>(values.size()), 1);
}

}  // namespace

TEMPLATE_TEST_CASE("pooling takes windows of pixels", "[layer]", float, double) {
  using S = TestType;
  // 1 2 3
  // 4 5 6
  // 7 8 9
  const sf::ImageShape shape{.height = 3, .width = 3, .channels = 1};
  const auto x = counting<S>(9);
  const sf::Matrix<S> negative = -x;

  CHECK(of(sf::MaxPool<S>(shape), x) == column<S>({5}));
  CHECK(of(sf::MaxPool<S>(shape, {.kernel = 2, .stride = 1}), x) == column<S>({5, 6, 8, 9}));
  CHECK(of(sf::MaxPool<S>(shape, {.kernel = 3, .stride = 2, .padding = 1}), x) == column<S>({5, 6, 8, 9}));
  CHECK(of(sf::MaxPool<S>(shape, {.kernel = 3, .stride = 2, .padding = 1}), negative) == column<S>({-1, -2, -4, -5}));

  CHECK(of(sf::AveragePool<S>(shape), x) == column<S>({3}));
  CHECK(of(sf::AveragePool<S>(shape, {.kernel = 2, .stride = 1}), x) == column<S>({3, 4, 6, 7}));
  CHECK(of(sf::AveragePool<S>(shape, {.kernel = 2, .stride = 2, .padding = 1}), x) ==
        column<S>({S(0.25), S(1.25), S(2.75), 7}));

  // Two channels keep to themselves.
  const sf::ImageShape pair{.height = 2, .width = 2, .channels = 2};
  CHECK(of(sf::MaxPool<S>(pair), column<S>({1, 8, 4, 5, 2, 6, 3, 7})) == column<S>({4, 8}));
  CHECK(of(sf::AveragePool<S>(pair), column<S>({1, 8, 4, 5, 2, 6, 3, 7})) == column<S>({S(2.5), S(6.5)}));
}

TEST_CASE("the output of pooling has floor((size + 2 padding - kernel) / stride) + 1 pixels a side", "[layer]") {
  const auto side = [](sf::Index size, const sf::PoolOptions& options) {
    const sf::MaxPool<float> layer({.height = size, .width = size + 1, .channels = 2}, options);
    const sf::AveragePool<float> other({.height = size + 1, .width = size, .channels = 2}, options);
    CHECK(layer.output_shape().channels == 2);
    CHECK(layer.output_shape().height == other.output_shape().width);
    CHECK(layer.output_shape().width == other.output_shape().height);
    return layer.output_shape().height;
  };
  CHECK(side(28, {}) == 14);
  CHECK(side(7, {}) == 3);
  CHECK(side(7, {.kernel = 3, .stride = 2, .padding = 1}) == 4);
  CHECK(side(2, {.kernel = 2, .stride = 5}) == 1);
  CHECK(side(1, {.kernel = 3, .stride = 1, .padding = 1}) == 1);
}

TEMPLATE_TEST_CASE("the gradient of max pooling goes to the first of the largest", "[layer]", float, double) {
  using S = TestType;
  // The same in each of nine channels, which are a packet and more.
  const auto nine = [](std::initializer_list<S> pixels) {
    return sf::Matrix<S>(sf::Vector<S>::Ones(9) * column<S>(pixels).transpose()).reshaped().eval();
  };
  const sf::MaxPool<S> layer({.height = 2, .width = 3, .channels = 9}, {.kernel = 2, .stride = 1});
  CHECK(gradient_of(layer, nine({1, 3, 3, 0, 3, 2}), nine({10, 100})) == nine({0, 110, 0, 0, 0, 0}));
  CHECK(gradient_of(layer, nine({3, 1, 1, 3, 2, 2}), nine({10, 100})) == nine({10, 0, 0, 0, 100, 0}));
}

TEMPLATE_TEST_CASE("a NaN comes out of pooling", "[layer]", float, double) {
  constexpr auto nan = std::numeric_limits<TestType>::quiet_NaN();
  for (sf::Index i = 0; i < 4; ++i) {
    auto x = counting<TestType>(4);
    x(i) = nan;
    const sf::ImageShape shape{.height = 2, .width = 2, .channels = 1};
    CHECK(of(sf::MaxPool<TestType>(shape), x).hasNaN());
    CHECK(of(sf::AveragePool<TestType>(shape), x).hasNaN());
  }
}

TEMPLATE_TEST_CASE("nearest up-sampling repeats pixels", "[layer]", float, double) {
  using S = TestType;
  const sf::UpsampleNearest<S> layer({.height = 2, .width = 1, .channels = 2}, 2);
  CHECK(layer.output_shape() == sf::ImageShape{.height = 4, .width = 2, .channels = 2});
  CHECK(of(layer, column<S>({1, 2, 3, 4})) == column<S>({1, 2, 1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4, 3, 4}));
  CHECK(gradient_of(layer, column<S>({0, 0, 0, 0}), counting<S>(16)) == column<S>({16, 20, 48, 52}));
}

TEMPLATE_TEST_CASE("space to depth keeps rows of a block together", "[layer]", float, double) {
  using S = TestType;
  // One channel:  1 2 3 4     two channels a pixel:  1 2  3 4
  //               5 6 7 8                            5 6  7 8
  const sf::SpaceToDepth<S> one({.height = 2, .width = 4, .channels = 1}, 2);
  CHECK(one.output_shape() == sf::ImageShape{.height = 1, .width = 2, .channels = 4});
  CHECK(of(one, counting<S>(8)) == column<S>({1, 2, 5, 6, 3, 4, 7, 8}));
  const sf::SpaceToDepth<S> two({.height = 2, .width = 2, .channels = 2}, 2);
  CHECK(of(two, counting<S>(8)) == counting<S>(8));
}

TEMPLATE_TEST_CASE("depth to space is the inverse of space to depth", "[layer]", float, double) {
  using S = TestType;
  for (const sf::RowsAndColumns factor : {sf::RowsAndColumns(3), {2, 3}, {3, 1}}) {
    const sf::SpaceToDepth<S> join({.height = 6, .width = 9, .channels = 2}, factor);
    const sf::DepthToSpace<S> part(join.output_shape(), factor);
    CHECK(part.output_shape() == join.input_shape());
    const auto x = test::input<S>(join.inputs(), 3);
    CHECK(of(join, x) != x);
    CHECK(of(part, of(join, x)) == x);
    CHECK(of(join, of(part, x)) == x);
    // Each moves numbers alone, so the inverse moves gradients back.
    CHECK(gradient_of(join, x, of(join, x)) == x);
    CHECK(gradient_of(part, x, of(part, x)) == x);
  }
}

TEMPLATE_TEST_CASE("a sequence that is folded along its length keeps the order of its numbers", "[layer]", float,
                   double) {
  using S = TestType;
  const sf::SpaceToDepth<S> join({.height = 1, .width = 6, .channels = 2}, {1, 3});
  CHECK(join.output_shape() == sf::ImageShape{.height = 1, .width = 2, .channels = 6});
  CHECK(of(join, counting<S>(12)) == counting<S>(12));
}

TEST_CASE("image maps refuse what they cannot do", "[layer]") {
  const sf::ImageShape shape{.height = 4, .width = 6, .channels = 3};
  CHECK_THROWS_WITH(sf::MaxPool<float>({.height = 4, .width = 6}),
                    test::contains("MaxPool: expected an image of positive height, width and channels, got 4 x 6 x 0"));
  CHECK_THROWS_WITH(
      sf::MaxPool<float>(shape, {.kernel = 0}),
      test::contains("MaxPool: expected a kernel and a stride from 1 on and a padding in [0, kernel), got "
                     "0, 2 and 0; the usual ones"));
  CHECK_THROWS_AS(sf::MaxPool<float>(shape, {.stride = 0}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::MaxPool<float>(shape, {.padding = -1}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::MaxPool<float>(shape, {.padding = 2}), sf::InvalidArgument);
  CHECK_NOTHROW(sf::MaxPool<float>(shape, {.kernel = 4}));
  CHECK_THROWS_WITH(sf::AveragePool<float>(shape, {.kernel = 7, .stride = 1, .padding = 1}),
                    test::contains("AveragePool: expected an image of at least 5 pixels a side, got 4 x 6; pool less"));
  CHECK_THROWS_WITH(sf::UpsampleNearest<float>(shape, 0),
                    test::contains("UpsampleNearest: expected a factor from 1 on, got 0"));
  CHECK_THROWS_WITH(
      sf::SpaceToDepth<float>(shape, 4),
      test::contains("SpaceToDepth: expected a factor that divides height and width, got 4 x 4 for 4 x 6"));
  CHECK_THROWS_AS(sf::SpaceToDepth<float>(shape, 3), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::SpaceToDepth<float>(shape, 0), sf::InvalidArgument);
  CHECK_THROWS_WITH(
      sf::DepthToSpace<float>(shape, 2),
      test::contains("DepthToSpace: expected a block of pixels whose number divides the channels, got 2 x 2 for 3"));
  CHECK_THROWS_AS(sf::DepthToSpace<float>(shape, 0), sf::InvalidArgument);
  for (const sf::RowsAndColumns wrong : {sf::RowsAndColumns(0, 3), {3, 0}, {-1, -3}, {1, 2}})
    CHECK_THROWS_AS(sf::DepthToSpace<float>(shape, wrong), sf::InvalidArgument);
  for (const sf::RowsAndColumns wrong : {sf::RowsAndColumns(0, 3), {2, 0}, {3, 3}, {2, 4}, {-2, 3}})
    CHECK_THROWS_AS(sf::SpaceToDepth<float>(shape, wrong), sf::InvalidArgument);
}

TEMPLATE_TEST_CASE("zero padding puts an image into the top left corner, and cropping takes it out", "[layer]", float,
                   double) {
  using S = TestType;
  const sf::ImageShape small{.height = 2, .width = 1, .channels = 2};
  const auto x = column<S>({1, 2, 3, 4});
  const auto padded = column<S>({1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0});
  const sf::ZeroPad<S> pad(small, 3, 2);
  CHECK(pad.output_shape() == sf::ImageShape{3, 2, 2});
  CHECK(of(pad, x) == padded);
  CHECK(gradient_of(pad, x, counting<S>(12)) == column<S>({1, 2, 5, 6}));

  const sf::Crop<S> crop({.height = 3, .width = 2, .channels = 2}, 2, 1);
  CHECK(crop.output_shape() == small);
  CHECK(of(crop, counting<S>(12)) == column<S>({1, 2, 5, 6}));
  CHECK(gradient_of(crop, counting<S>(12), x) == padded);
}

TEST_CASE("zero padding and cropping refuse sizes on the wrong side of the image's", "[layer]") {
  const sf::ImageShape shape{.height = 3, .width = 2, .channels = 2};
  CHECK_THROWS_WITH(sf::ZeroPad<float>(shape, 3, 1),
                    test::contains("ZeroPad: expected a height and a width of at least 3 x 2, got 3 x 1; Crop makes"));
  CHECK_THROWS_AS(sf::ZeroPad<float>(shape, 2, 2), sf::InvalidArgument);
  CHECK_THROWS_WITH(
      sf::Crop<float>(shape, 4, 2),
      test::contains("Crop: expected a height and a width from 1 x 1 to 3 x 2, got 4 x 2; ZeroPad makes"));
  CHECK_THROWS_AS(sf::Crop<float>(shape, 3, 3), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::Crop<float>(shape, 0, 2), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::Crop<float>(shape, 3, 0), sf::InvalidArgument);
}
