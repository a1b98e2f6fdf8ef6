#include "scorefield/core/types.hpp"

#include <concepts>
#include <cstdint>

#include "support/catch.hpp"

namespace sf = scorefield;

namespace {

struct Options {
  sf::Seed seed = 0;
};

static_assert(std::convertible_to<std::uint64_t, sf::Seed> && !std::convertible_to<sf::Seed, std::uint64_t>);

}  // namespace

TEST_CASE("a seed is written as a number or by its name", "[core]") {
  CHECK(Options{}.seed.value == 0);
  CHECK(Options{.seed = 7}.seed.value == 7);
  CHECK(Options{.seed = {7}}.seed.value == 7);
  CHECK(Options{.seed = sf::Seed{7}}.seed.value == 7);
  const std::uint64_t largest = ~std::uint64_t{0};
  CHECK(Options{.seed = largest}.seed.value == largest);
}

#if defined(__linux__) && !defined(NDEBUG)
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace {

/// Whether f ends the process by an assertion, in a child that says nothing.
template <class F>
bool aborts(const F& f) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    f();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

TEST_CASE("columns and entries that a matrix or a vector does not have meet an assertion", "[core]") {
  sf::Matrix<float> m = sf::Matrix<float>::Zero(2, 5);
  sf::Vector<float> v = sf::Vector<float>::Zero(5);
  CHECK(!aborts([&] { sf::columns(m, 3, 2); }));
  CHECK(aborts([&] { sf::columns(m, 3, 3); }));
  CHECK(aborts([&] { sf::columns(m, -1, 2); }));
  CHECK(aborts([&] { sf::columns(std::as_const(m), 0, 6); }));
  CHECK(!aborts([&] { sf::segment(sf::view(v), 0, 5); }));
  CHECK(aborts([&] { sf::segment(sf::view(v), 1, 5); }));
}
#endif
