#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/extent.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/parameters.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

TEST_CASE("every task runs once, on a worker that is one of the threads", "[core]") {
  for (const sf::Index count : {0, 1, 2, 7, 1000})
    for (const int threads : {1, 2, 3, 8}) {
      CAPTURE(count, threads);
      std::vector<int> runs(static_cast<std::size_t>(count));
      // Without locks: a worker's number is no other thread's at the same time, which a thread sanitizer would see.
      std::vector<double> work(static_cast<std::size_t>(threads));
      std::atomic<bool> workers_in_range{true};
      sf::parallel_for(count, threads, [&](sf::Index i, int worker) {
        ++runs[static_cast<std::size_t>(i)];
        if (worker < 0 || worker >= threads) {
          workers_in_range = false;
          return;
        }
        for (int k = 0; k < 200; ++k) work[static_cast<std::size_t>(worker)] += std::sin(static_cast<double>(i + k));
      });
      CHECK(workers_in_range);
      CHECK(runs == std::vector<int>(static_cast<std::size_t>(count), 1));
    }
}

TEST_CASE("of the exceptions that tasks throw the one of the smallest index arrives", "[core]") {
  for (const int threads : {1, 4})
    for (int round = 0; round < 50; ++round) {
      const auto run = [&] {
        sf::parallel_for(100, threads, [](sf::Index i, int) {
          if (i % 10 == 7) throw std::runtime_error(std::to_string(i));
        });
      };
      CHECK_THROWS_WITH(run(), "7");
    }
}

TEST_CASE("tasks may have tasks of their own, and threads of the program call at the same time", "[core]") {
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 3; ++caller)
    callers.emplace_back([&wrong] {
      for (int round = 0; round < 200; ++round) {
        std::vector<int> runs(40);
        sf::parallel_for(8, 3, [&](sf::Index i, int) {
          sf::parallel_for(5, 2, [&](sf::Index j, int) { ++runs[static_cast<std::size_t>(5 * i + j)]; });
        });
        if (runs != std::vector<int>(40, 1)) ++wrong;
      }
    });
  for (auto& caller : callers) caller.join();
  CHECK(wrong == 0);
}

#if defined(__SSE2__) || defined(__aarch64__)
TEST_CASE("subnormal numbers are 0 in a task and what they were outside", "[core]") {
  volatile float tiny = std::numeric_limits<float>::min() / 4;
  const auto half = [&] { return tiny * 0.5f; };
  for (const int threads : {1, 2}) {
    std::array<float, 100> in_tasks;
    in_tasks.fill(1);
    sf::parallel_for(100, threads, [&](sf::Index i, int) { in_tasks[static_cast<std::size_t>(i)] = half(); });
    for (const float value : in_tasks) CHECK(value == 0);
    CHECK(half() > 0);
  }
}
#endif

TEST_CASE("threads that sleep are woken", "[core]") {
  for (int round = 0; round < 5; ++round) {
    // A first task that only ends once another thread has come.
    std::atomic<bool> helped{false};
    sf::parallel_for(2, 2, [&](sf::Index, int worker) {
      if (worker == 1) helped = true;
      while (!helped) std::this_thread::yield();
    });
    CHECK(helped);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST_CASE("0 threads are all, and fewer are refused", "[core]") {
  CHECK(sf::resolve_threads(3) == 3);
  CHECK(sf::resolve_threads(0) >= 1);
  CHECK_THROWS_AS(sf::resolve_threads(-1), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::resolve_threads(-1),
                    "threads: expected 0 (all) or a positive number, got -1; leave the option out to use all");
}

TEST_CASE("quotas of control groups are read, whichever version and however nested", "[core]") {
  const test::Folder folder("cpu_quota");
  const auto put = [&](const std::string& name, const std::string& content) {
    std::filesystem::create_directories((folder.path / name).parent_path());
    test::put(folder.path / name, content);
  };
  const auto quota = [&] {
    return sf::detail::cpu_quota((folder.path / "membership").string(), (folder.path / "mounts").string());
  };
  CHECK(!quota());  // no such files
  SECTION("version 2") {
    put("membership", "0::/user/job\n");
    CHECK(!quota());
    put("mounts/user/job/cpu.max", "max 100000\n");
    CHECK(!quota());
    put("mounts/user/job/cpu.max", "150000 100000\n");
    CHECK(quota() == 2);
    put("mounts/user/cpu.max", "10000 100000\n");
    CHECK(quota() == 1);
    put("mounts/user/cpu.max", "300000 100000\n");
    CHECK(quota() == 2);
    put("membership", "0::/elsewhere/that/is/not/mounted\n");
    CHECK(!quota());
    put("mounts/cpu.max", "400000 100000\n");
    CHECK(quota() == 4);
    put("membership", "0::/\n");
    CHECK(quota() == 4);
  }
  SECTION("version 1") {
    put("membership", "5:memory:/job\n4:cpu,cpuacct:/job\n3:cpuset:/job\n");
    put("mounts/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    put("mounts/cpu,cpuacct/job/cpu.cfs_period_us", "50000\n");
    put("mounts/memory/job/cpu.max", "1 1\n");
    CHECK(!quota());
    put("mounts/cpu,cpuacct/job/cpu.cfs_quota_us", "150001\n");
    CHECK(quota() == 4);
  }
  SECTION("nonsense is no limit") {
    put("membership", "0:/job\n::\n0::job\n0::/job\n");
    put("mounts/job/cpu.max", "lots\n");
    CHECK(!quota());
    put("mounts/job/cpu.max", "100000 0\n");
    CHECK(!quota());
  }
}

TEST_CASE("chunks of the largest range do not overflow", "[core]") {
  constexpr auto most = std::numeric_limits<sf::Index>::max();
  for (const sf::Index size : {sf::Index{1}, sf::Index{64}, most}) {
    const sf::Chunks chunks{most, size};
    CHECK(chunks.pieces() == most / size + (most % size > 0));
    CHECK(chunks.first(chunks.pieces() - 1) + chunks.length(chunks.pieces() - 1) == most);
  }
}

TEST_CASE("chunks cover a range once", "[core]") {
  for (const sf::Index count : {0, 1, 63, 64, 65, 1000})
    for (const sf::Index size : {1, 7, 64}) {
      const sf::Chunks chunks{count, size};
      sf::Index next = 0;
      for (sf::Index i = 0; i < chunks.pieces(); ++i) {
        CHECK(chunks.first(i) == next);
        CHECK((chunks.length(i) >= 1 && chunks.length(i) <= size));
        next += chunks.length(i);
      }
      CHECK(next == count);
    }
}

TEST_CASE("a layout puts its pieces one after the other", "[core]") {
  sf::ParameterLayout layout;
  CHECK(layout.size() == 0);
  layout.add("weight", 3, 2);
  layout.add("bias", 3, 1);
  CHECK(layout.size() == 9);
  REQUIRE(layout.pieces().size() == 2);
  CHECK(layout.pieces()[1].name == "bias");
  CHECK(layout.pieces()[1].offset == 6);
  CHECK(layout.pieces()[0].size() == 6);
}

// An extent that is known takes no room where it is a [[no_unique_address]] member.
static_assert(sf::Index{sf::Extent<3>{}} == 3);
static_assert(sf::Index{sf::Extent<Eigen::Dynamic>{5}} == 5);
static_assert(std::is_empty_v<sf::Extent<3>>);
static_assert(!std::is_default_constructible_v<sf::Extent<Eigen::Dynamic>>);
