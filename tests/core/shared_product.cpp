// Products that a thread shares with its spare workers, and who has some.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "scorefield/core/detail/spare_workers.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/product.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using sf::detail::HelperRoom;
using sf::detail::SpareWorkers;

namespace {

/// The three kinds of products of a layer's batch: forward, and backward by the input and by the weight.
template <class Scalar>
struct Layer {
  Layer(sf::Index outputs, sf::Index inputs, sf::Index batch)
      : weight(test::normals<Scalar>(outputs, inputs, "weight")),
        bias(test::normals<Scalar>(outputs, 1, "bias")),
        x(test::normals<Scalar>(inputs, batch, "x")),
        dy(test::normals<Scalar>(outputs, batch, "dy")) {
    room.reserve(outputs, inputs, batch);
    room.reserve_left_transposed(inputs, outputs, batch);
    room.reserve_right_transposed(outputs, batch, inputs);
    clear();
  }

  void clear() {
    y.setConstant(dy.rows(), dy.cols(), 7);
    dx.setConstant(x.rows(), x.cols(), 7);
    gradient.setConstant(weight.rows(), weight.cols(), 7);
  }
  void multiply() {
    sf::multiply_add_bias(sf::view(weight), sf::view(x), bias.data(), sf::view(y), room);
    sf::multiply_left_transposed(sf::view(weight), sf::view(dy), sf::view(dx), room);
    sf::add_multiply_right_transposed(sf::view(dy), sf::view(x), sf::view(gradient), room);
  }

  const sf::Matrix<Scalar> weight;
  const sf::Vector<Scalar> bias;
  const sf::Matrix<Scalar> x, dy;
  sf::Matrix<Scalar> y, dx, gradient;
  sf::ProductRoom<Scalar> room;
};

/// Calls f(layer) for shapes of which each product is shared in some: rows that fill no packet, more than one block of
/// depth, columns that are copied and not.
template <class Scalar, class F>
void for_each_layer(const F& f) {
  for (const sf::Index batch : {1, 2, 3, 16, 100})
    for (const auto& [outputs, inputs] : {std::pair{1024, 1024}, {1021, 517}, {350, 1100}, {1500, 100}, {3, 900}}) {
      CAPTURE(batch, outputs, inputs);
      Layer<Scalar> layer(outputs, inputs, batch);
      f(layer);
    }
}

/// What the loops of `pretended` were asked for.
struct Loops {
  sf::Index loops = 0, pieces = 0;
  int most_threads = 0;
} seen;

/// A loop on this thread, which is the helpers in turn and leaves worker 0 without work.
void pretended(sf::Index count, int threads, sf::detail::LoopBody body) {
  ++seen.loops;
  seen.pieces += count;
  seen.most_threads = std::max(seen.most_threads, threads);
  const auto room = std::make_unique<HelperRoom>();
  HelperRoom::here() = room.get();
  for (sf::Index i = count - 1; i >= 0; --i) {
    std::memset(room->left, 0xff, sizeof(room->left));  // NaNs
    std::memset(room->right, 0xff, sizeof(room->right));
    body(i, 1 + static_cast<int>(i) % (threads - 1));
  }
  HelperRoom::here() = nullptr;
}

/// Calls f() with workers that are pretended. Returns what was asked of them.
template <class F>
Loops pretending(int threads, const F& f) {
  seen = {};
  SpareWorkers::here() = {threads, &pretended};
  f();
  SpareWorkers::here() = {};
  return seen;
}

}  // namespace

TEST_CASE("products without rows, columns or depth are shared by nobody", "[core]") {
  for (const auto& [outputs, inputs, batch] :
       {std::tuple{1024, 1024, 0}, std::tuple{0, 600, 700}, std::tuple{700, 0, 600}}) {
    CAPTURE(outputs, inputs, batch);
    Layer<float> layer(outputs, inputs, batch);
    const auto before = layer.gradient;
    CHECK(pretending(2, [&] { layer.multiply(); }).loops == 0);
    CHECK(layer.gradient == before);
    if (inputs == 0) CHECK(layer.y == layer.bias.replicate(1, batch));
  }
}

TEST_CASE("a loop of no threads lends one, the caller's own", "[core]") {
  int lent = 0;
  sf::parallel_for(1, 0, [&](sf::Index, int) { lent = SpareWorkers::here().threads; });
  CHECK(lent == 1);
}

TEMPLATE_TEST_CASE("shared products have the bits that they have alone", "[core]", float, double) {
  for_each_layer<TestType>([](auto& layer) {
    layer.multiply();
    const auto y = layer.y, dx = layer.dx, gradient = layer.gradient;
    const auto check = [&] {
      REQUIRE(layer.y == y);
      REQUIRE(layer.dx == dx);
      REQUIRE(layer.gradient == gradient);
      layer.clear();
    };
    layer.clear();
    for (const int threads : {1, 2, 3, 8}) {
      sf::parallel_for(1, threads, [&](sf::Index, int) { layer.multiply(); });
      check();
    }
    for (const int threads : {2, 3, 8}) {
      pretending(threads, [&] { layer.multiply(); });
      check();
    }
  });
}

TEST_CASE("large products are shared, by as many as there is work for, and small ones are not", "[core]") {
  const auto asked = [](sf::Index width, sf::Index batch, int threads) {
    Layer<float> layer(width, width, batch);
    return pretending(threads, [&] { layer.multiply(); });
  };
  CHECK(asked(64, 64, 2).loops == 0);
  CHECK(asked(128, 16, 2).loops == 0);
  CHECK(asked(256, 1, 2).loops == 0);
  CHECK(asked(256, 16, 8).loops == 3);
  CHECK(asked(256, 16, 8).most_threads == 2);
  for (const sf::Index batch : {1, 2, 16, 64}) {
    const auto all = asked(1024, batch, 3);
    CHECK(all.loops == 3);
    CHECK(all.most_threads == 3);
    CHECK(all.pieces >= 9);
  }
  // Those of which only one half is computed are not.
  const auto m = test::normals<float>(300, 300, "m");
  sf::Matrix<float> square(300, 300);
  sf::ProductRoom<float> room;
  room.reserve_left_transposed(300, 300, 300);
  CHECK(pretending(2, [&] { sf::multiply_gram(sf::view(m), sf::view(square), room); }).loops == 0);
}

TEST_CASE("a shared product allocates nothing", "[core]") {
  Layer<float> layer(1024, 1024, 16);
  const auto multiply = [&] { sf::parallel_for(1, 3, [&](sf::Index, int) { layer.multiply(); }); };
  multiply();
  CHECK(test::count_allocations(multiply) == 0);
}

TEST_CASE("a piece alone has the threads that are left over, and no other has any", "[core]") {
  const auto spare = [] { return SpareWorkers::here().threads; };
  CHECK(spare() == 1);
  sf::parallel_for(1, 3, [&](sf::Index, int) {
    CHECK(spare() == 3);
    sf::parallel_for(1, 2, [&](sf::Index, int) { CHECK(spare() == 2); });
    sf::parallel_for(1, 1, [&](sf::Index, int) { CHECK(spare() == 1); });
    sf::parallel_for(4, 1, [&](sf::Index, int) { CHECK(spare() == 1); });
    CHECK(spare() == 3);
  });
  CHECK(spare() == 1);

  std::atomic<int> wrong{0};
  const auto has_none = [&] {
    if (spare() != 1) ++wrong;
    sf::parallel_for(1, 2, [&](sf::Index, int) { wrong += spare() != 1; });
  };
  sf::parallel_for(100, 2, [&](sf::Index, int) { has_none(); });
  sf::parallel_for(1, 2, [&](sf::Index, int) {
    SpareWorkers::here().share(100, 2, [&](sf::Index, int) { has_none(); });
    sf::parallel_for(100, 2, [&](sf::Index, int) { has_none(); });
  });
  CHECK(wrong == 0);

  CHECK_THROWS_AS(sf::parallel_for(1, 2, [](sf::Index, int) { throw sf::InvalidArgument("", "", "", ""); }),
                  sf::InvalidArgument);
  CHECK(spare() == 1);
}

TEST_CASE("the threads that are left over work, each with a room of its own", "[core]") {
  std::vector<HelperRoom*> rooms(3);
  std::atomic<int> present{0};
  sf::parallel_for(1, 3, [&](sf::Index, int) {
    // Each task ends once all three have begun.
    SpareWorkers::here().share(3, 3, [&](sf::Index, int worker) {
      rooms[static_cast<std::size_t>(worker)] = HelperRoom::here();
      ++present;
      while (present < 3) std::this_thread::yield();
    });
  });
  CHECK(rooms[0] == nullptr);
  CHECK((rooms[1] && rooms[2] && rooms[1] != rooms[2]));
}
