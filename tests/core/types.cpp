#include "scorefield/core/types.hpp"

#include "support/catch.hpp"

#if defined(__linux__) && !defined(NDEBUG)
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace sf = scorefield;

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
