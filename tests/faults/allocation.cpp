// A heap that has no memory for one allocation, each of those that a piece of work makes in turn.
#include <cstdlib>
#include <filesystem>
#include <new>
#include <string>

#include "scorefield/file/model_file.hpp"
#include "scorefield/file/npy.hpp"
#include "scorefield/file/safetensors.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

// These send what the standard library's own objects ask for through malloc of this program, where it is counted and
// may fail like the rest. Inlined, the pairs of new and free would look like a mistake to the compiler.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

/// Runs work() with the n-th allocation failing, for each n until it needs no more of them. Each time it must throw
/// bad_alloc or an Error, or give what it gives otherwise, and free what it took; and so must the next time, when there
/// is memory again. check(work's result, whether it is there) looks at what is left.
template <class Work>
void check_each_failure(const Work& work) {
  using Result = decltype(work());
  constexpr int most = 2000;
  const Result expected = work();  // the first time also makes what stays for ever, as threads
  int n = 1, refused = 0;
  for (bool failed = true; failed && n <= most; ++n) {
    const auto before = test::live_blocks();
    bool right = true;
    test::fail_allocation(n);
    try {
      right = work() == expected;
    } catch (const std::bad_alloc&) {
      ++refused;
    } catch (const sf::Error&) {
      ++refused;
    }
    failed = !test::failure_is_due();
    test::fail_allocation(0);
    const auto after = test::live_blocks();
    CAPTURE(n);
    REQUIRE(right);
    REQUIRE(after == before);
    REQUIRE(work() == expected);
  }
  CHECK(n > 10);
  // Some allocations are only tried, as that of a buffer in which sorting would be faster.
  CHECK(refused >= n - 10);
}

const sf::TrainingOptions options{.steps = 3, .batch_size = 60, .clip_norm = 0.5, .average = {{}}};

}  // namespace

TEST_CASE("a model file is loaded whole or not at all where memory ends", "[faults]") {
  const test::Folder folder("faults_load");
  const auto path = folder.path / "model.safetensors";
  const auto layout = test::small_model().network().layout();
  sf::Tensors tensors;
  tensors.metadata["network"] = "a description that is longer than what a string keeps in itself";
  sf::add_parameters(tensors, "model.", layout, test::small_model().parameters());
  sf::write_safetensors(path, tensors);
  check_each_failure([&] { return sf::read_parameters<float>(sf::read_safetensors(path), "model.", layout); });
}

TEST_CASE("files are written as they should be or not at all where memory ends", "[faults]") {
  const test::Folder folder("faults_write");
  const auto path = folder.path / "file";
  const auto model = test::small_model();
  const auto bytes_after = [&](const auto& write) {
    test::put(path, "old");
    try {
      write();
    } catch (...) {
      test::fail_allocation(0);
      REQUIRE(test::bytes_of(path) == "old");
      REQUIRE(folder.entries() == 1);
      throw;
    }
    return test::bytes_of(path);
  };
  check_each_failure([&] {
    return bytes_after([&] {
      sf::Tensors tensors;
      sf::add_parameters(tensors, "model.", model.network().layout(), model.parameters());
      sf::write_safetensors(path, tensors);
    });
  });
  const sf::Matrix<float> samples = sf::Matrix<float>::Ones(12, 10);
  check_each_failure(
      [&] { return bytes_after([&] { sf::write_npy(path, samples, {.height = 3, .width = 4, .channels = 1}); }); });
}

TEST_CASE("training leaves the model as it was where memory ends", "[faults]") {
  const auto data = test::small_data(200);
  for (const int threads : {1, 2}) {
    auto with_threads = options;
    with_threads.threads = threads;
    const auto untrained = test::small_model();
    check_each_failure([&] {
      auto model = untrained;
      try {
        sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}, sf::CosineRate{}}.fit(model, data, with_threads);
      } catch (...) {
        test::fail_allocation(0);
        REQUIRE(model.parameters() == untrained.parameters());
        throw;
      }
      return model.parameters();
    });
  }
}

TEST_CASE("samples are whole or an exception where memory ends", "[faults]") {
  const auto model = test::small_model();
  for (const int threads : {1, 2})
    check_each_failure(
        [&] { return sf::sample(model, sf::EulerMaruyama{.steps = 3}, 300, sf::Seed{1}, {.threads = threads}); });
}
