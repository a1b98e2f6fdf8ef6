#include "support/allocations.hpp"

#include <memory>
#include <thread>
#include <vector>

#include "scorefield/core/types.hpp"

#include "support/catch.hpp"

namespace sf = scorefield;
using scorefield::test::count_allocations;

namespace {
struct alignas(64) Aligned {
  char bytes[64];
};
}  // namespace

// What the tests that promise no allocation rest on. The results are kept: a compiler may leave out what nobody reads.
TEST_CASE("allocations of Eigen, of operator new and of other threads are counted", "[core]") {
  sf::Matrix<float> a, b = sf::Matrix<float>::Ones(7, 7);
  CHECK(count_allocations([&] { a.resize(7, 7); }) == 1);
  CHECK(count_allocations([&] { a = b; }) == 0);
  CHECK(count_allocations([&] { a = 2 * b; }) == 0);
  CHECK(count_allocations([&] { a = b * a; }) > 0);  // a temporary: the target is an operand

  std::vector<int> numbers;
  CHECK(count_allocations([&] { numbers.reserve(100); }) == 1);
  CHECK(count_allocations([&] { numbers.assign(100, 1); }) == 0);
  std::unique_ptr<Aligned> aligned;
  CHECK(count_allocations([&] { aligned = std::make_unique<Aligned>(); }) == 1);
  std::unique_ptr<int[]> array;
  CHECK(count_allocations([&] { array = std::make_unique<int[]>(10); }) == 1);
  CHECK(array[9] == 0);

  CHECK(count_allocations([&] { std::thread([&] { numbers.reserve(1000); }).join(); }) > 0);
}
