#include "scorefield/core/product.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "scorefield/core/random.hpp"

#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// The four functions on one set of operands.
template <class Scalar>
struct Products {
  sf::Matrix<Scalar> plain, from_transposed, with_bias, added;
};

template <class Scalar>
struct Operands {
  Operands(sf::Index rows, sf::Index depth, sf::Index cols)
      : left(test::normals<Scalar>(rows, depth, "left")),
        right(test::normals<Scalar>(depth, cols, "right")),
        start(test::normals<Scalar>(rows, cols, "start")),
        bias(test::normals<Scalar>(rows, 1, "bias")) {}

  /// Of columns [first, first + count) of the right operand.
  Products<Scalar> products(sf::Index first, sf::Index count) const {
    const sf::Matrix<Scalar> r = right.middleCols(first, count), transposed = r.transpose(),
                             left_transposed = left.transpose();
    Products<Scalar> p{sf::Matrix<Scalar>(left.rows(), count), sf::Matrix<Scalar>(left.rows(), count),
                       sf::Matrix<Scalar>(left.rows(), count), start.middleCols(first, count)};
    sf::ProductRoom<Scalar> room, of_transposed, of_added;
    room.reserve(left.rows(), left.cols(), count);
    of_transposed.reserve_left_transposed(left.rows(), left.cols(), count);
    of_added.reserve_right_transposed(left.rows(), left.cols(), count);
    sf::multiply(sf::view(left), sf::view(r), sf::view(p.plain), room);
    sf::multiply_left_transposed(sf::view(left_transposed), sf::view(r), sf::view(p.from_transposed), of_transposed);
    sf::multiply_add_bias(sf::view(left), sf::view(r), bias.data(), sf::view(p.with_bias), room);
    sf::add_multiply_right_transposed(sf::view(left), sf::view(transposed), sf::view(p.added), of_added);
    return p;
  }

  sf::Matrix<Scalar> left, right, start;
  sf::Vector<Scalar> bias;
};

template <class Scalar>
void check_against_eigen(sf::Index rows, sf::Index depth, sf::Index cols) {
  CAPTURE(rows, depth, cols);
  const Operands<Scalar> of(rows, depth, cols);
  const auto got = of.products(0, cols);
  const sf::Matrix<double> product = of.left.template cast<double>() * of.right.template cast<double>();
  const auto worst = [&](const sf::Matrix<Scalar>& a, const sf::Matrix<double>& b) {
    return (a.template cast<double>() - b).cwiseAbs().maxCoeff();
  };
  // depth + 1 terms of up to 5 x 5, each sum rounded by half an epsilon of at most 3 sqrt(depth) + 5.
  const auto k = static_cast<double>(depth);
  const double bound = (k + 1) * (3 * std::sqrt(k) + 5) * test::Tolerance<Scalar>::epsilon;
  REQUIRE(worst(got.plain, product) < bound);
  REQUIRE(worst(got.from_transposed, product) < bound);
  REQUIRE(worst(got.with_bias, product.colwise() + of.bias.template cast<double>()) < bound);
  REQUIRE(worst(got.added, product + of.start.template cast<double>()) < bound);
}

}  // namespace

TEMPLATE_TEST_CASE("products are Eigen's in every shape", "[core]", float, double) {
  constexpr sf::Index size = sf::packet_size<TestType>;
  for (const sf::Index rows : {sf::Index{1}, size - 1, size, size + 1, 2 * size + 1, 4 * size, 7 * size - 1})
    for (const sf::Index depth : {0, 1, 2, 127, 129, 300})
      for (const sf::Index cols : {1, 2, 3, 5, 6, 12, 13, 25})
        if (rows > 0) check_against_eigen<TestType>(rows, depth, cols);
  // Columns that lie so far apart that blocks are copied: left, right and both, more than one block of each.
  for (const sf::Index rows : {128 + 4 * size, 300 + 3 * size - 1})
    for (const sf::Index depth : {1, 9, 140})
      for (const sf::Index cols : {1, 7, 8, 64, 128, 253}) check_against_eigen<TestType>(rows, depth, cols);
  // Columns on pages of their own, of more than one block, whose last panel and packet are not full.
  for (const sf::Index rows : {sf::Index{1024}, 1024 + 2 * size, 1100 + size - 1})
    for (const sf::Index depth : {9, 140}) check_against_eigen<TestType>(rows, depth, 20);
}

TEMPLATE_TEST_CASE("entries of a product have the same bits whatever stands beside them", "[core]", float, double) {
  // Depths of 1 and 2 take a way of their own where a product is added.
  for (const sf::Index depth : {130, 2, 1})
    for (const sf::Index rows : {1, 3, 9, 17, 64, 67, 260}) {
      const Operands<TestType> of(rows, depth, 64);
      const auto all = of.products(0, 64);
      for (const sf::Index width : {1, 2, 5, 13, 63})
        for (sf::Index first = 0; first + width <= 64; first += width) {
          const auto part = of.products(first, width);
          REQUIRE(part.plain == all.plain.middleCols(first, width));
          REQUIRE(part.from_transposed == all.from_transposed.middleCols(first, width));
          REQUIRE(part.with_bias == all.with_bias.middleCols(first, width));
          REQUIRE(part.added == all.added.middleCols(first, width));
        }
      // Rows: those of a product with fewer.
      Operands<TestType> fewer = of;
      const sf::Index kept = (rows + 1) / 2;
      fewer.left = of.left.topRows(kept).eval();
      fewer.start = of.start.topRows(kept).eval();
      fewer.bias = of.bias.head(kept).eval();
      const auto part = fewer.products(0, 64);
      REQUIRE(part.plain == all.plain.topRows(kept));
      REQUIRE(part.from_transposed == all.from_transposed.topRows(kept));
      REQUIRE(part.with_bias == all.with_bias.topRows(kept));
      REQUIRE(part.added == all.added.topRows(kept));
    }
}

TEMPLATE_TEST_CASE("the room of a product is large enough for fewer columns of a batch", "[core]", float, double) {
  const auto numbers = [](const auto& reserve) {
    sf::ProductRoom<TestType> room;
    reserve(room);
    return std::pair{room.left.size(), room.right.size()};
  };
  for (const sf::Index m : {1, 32, 33, 200, 1024, 1100})
    for (const sf::Index k : {1, 2, 3, 8, 64, 300})
      for (const sf::Index n : {1, 5, 7, 8, 9, 64, 2000}) {
        const auto plain = numbers([&](auto& room) { room.reserve(m, k, n); });
        const auto left = numbers([&](auto& room) { room.reserve_left_transposed(m, k, n); });
        const auto right = numbers([&](auto& room) { room.reserve_right_transposed(m, n, k); });
        for (const sf::Index fewer : {sf::Index{0}, sf::Index{1}, n / 2, n - 1}) {
          CAPTURE(m, k, n, fewer);
          REQUIRE(numbers([&](auto& room) { room.reserve(m, k, fewer); }) <= plain);
          REQUIRE(numbers([&](auto& room) { room.reserve_left_transposed(m, k, fewer); }) <= left);
          const auto less = numbers([&](auto& room) { room.reserve_right_transposed(m, fewer, k); });
          REQUIRE((less.first <= right.first && less.second <= right.second));
        }
      }
  // Whole packets of rows that stand close together are read where they are.
  constexpr sf::Index size = sf::packet_size<TestType>;
  CHECK(numbers([](auto& room) { room.reserve(4 * size, 64, 64), room.reserve_right_transposed(4 * size, 64, 4); }) ==
        std::pair{sf::Index{0}, sf::Index{0}});
}

TEMPLATE_TEST_CASE("symmetric products are the products, with the same bits below the diagonal", "[core]", float,
                   double) {
  for (const sf::Index n : {1, 7, 8, 16, 31, 32, 33, 72, 100, 300})
    for (const sf::Index k : {1, 2, 20, 140}) {
      CAPTURE(n, k);
      const auto m = test::normals<TestType>(n, k, "m");
      const sf::Matrix<TestType> transposed = m.transpose();
      sf::ProductRoom<TestType> room;
      room.reserve_right_transposed(n, k, n);
      room.reserve_left_transposed(n, k, n);
      room.reserve(n, n, n);
      const auto matrix = [n] { return sf::Matrix<TestType>(sf::Matrix<TestType>::Constant(n, n, 7)); };
      const auto check = [](const sf::Matrix<TestType>& got, const sf::Matrix<TestType>& whole) {
        const sf::Matrix<TestType> lower = whole.template triangularView<Eigen::Lower>();
        REQUIRE(sf::Matrix<TestType>(got.template triangularView<Eigen::Lower>()) == lower);
        REQUIRE(got == got.transpose());
      };
      auto got = matrix(), whole = sf::Matrix<TestType>(sf::Matrix<TestType>::Zero(n, n));
      sf::multiply_outer_gram(sf::view(m), sf::view(got), room);
      sf::add_multiply_right_transposed(sf::view(m), sf::view(m), sf::view(whole), room);
      check(got, whole);

      auto from_left = matrix(), whole_from_left = matrix();
      sf::multiply_gram(sf::view(std::as_const(transposed)), sf::view(from_left), room);
      sf::multiply_left_transposed(sf::view(transposed), sf::view(transposed), sf::view(whole_from_left), room);
      check(from_left, whole_from_left);

      auto square = matrix(), whole_square = matrix();
      sf::multiply_symmetric(sf::view(std::as_const(got)), sf::view(std::as_const(got)), sf::view(square), room);
      sf::multiply(sf::view(std::as_const(got)), sf::view(std::as_const(got)), sf::view(whole_square), room);
      check(square, whole_square);
    }
}

TEST_CASE("a product does not touch what lies beside its target", "[core]") {
  const Operands<float> of(5, 7, 3);
  sf::Vector<float> memory = sf::Vector<float>::Constant(5 * 3 + 40, 99);
  sf::ProductRoom<float> room;
  room.reserve(5, 7, 3);
  sf::multiply_add_bias(sf::view(of.left), sf::view(of.right), of.bias.data(),
                        sf::MatrixView<float>(memory.data() + 20, 5, 3), room);
  CHECK((memory.head(20).array() == 99).all());
  CHECK((memory.tail(20).array() == 99).all());
  CHECK((memory.segment(20, 15).array() != 99).all());
}

TEMPLATE_TEST_CASE("transform gives an element the same bits wherever it stands", "[core]", float, double) {
  const auto a = test::normals<TestType>(100, 1, "a"), b = test::normals<TestType>(100, 1, "b");
  // Compilers may fuse the product and the sum, but must do so for all elements or for none.
  const auto f = [](const auto& x, const auto& y) {
    using namespace Eigen::internal;
    return padd(pmul(x, y), psub(x, pmul(y, y)));
  };
  sf::Vector<TestType> all(100);
  sf::transform(all.data(), 100, f, a.data(), b.data());
  for (sf::Index i = 0; i < 100; ++i)
    REQUIRE(static_cast<double>(all(i)) == Catch::Approx(static_cast<double>(a(i) * b(i) + (a(i) - b(i) * b(i))))
                                               .margin(20 * test::Tolerance<TestType>::epsilon));
  for (sf::Index first = 0; first < 20; ++first)
    for (sf::Index count = 0; count <= 40; ++count) {
      sf::Vector<TestType> part = sf::Vector<TestType>::Constant(41, 99);
      sf::transform(part.data(), count, f, a.data() + first, b.data() + first);
      REQUIRE(part.head(count) == all.segment(first, count));
      REQUIRE((part.tail(41 - count).array() == 99).all());
    }
  auto in_place = a;
  sf::transform(in_place.data(), 100, f, std::as_const(in_place).data(), b.data());
  CHECK(in_place == all);
}
