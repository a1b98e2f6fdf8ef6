#include "scorefield/training/progress_bar.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <thread>
#include <unistd.h>

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
using scorefield::test::contains;
using scorefield::test::trained;

namespace {

/// What f() writes to standard error.
template <class F>
std::string written_to_stderr(const F& f) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  std::fflush(stderr);
  const int terminal = dup(fileno(stderr));
  dup2(fileno(file), fileno(stderr));
  f();
  std::fflush(stderr);
  dup2(terminal, fileno(stderr));
  close(terminal);
  std::rewind(file);
  std::string all;
  for (int c; (c = std::fgetc(file)) != EOF;) all += static_cast<char>(c);
  std::fclose(file);
  return all;
}

}  // namespace

TEST_CASE("times as on a clock", "[training]") {
  CHECK(sf::clock_text(0) == "0:00");
  CHECK(sf::clock_text(4.4) == "0:04");
  CHECK(sf::clock_text(59.6) == "1:00");
  CHECK(sf::clock_text(185) == "3:05");
  CHECK(sf::clock_text(3599) == "59:59");
  CHECK(sf::clock_text(3599.6) == "1:00:00");
  CHECK(sf::clock_text(3765) == "1:02:45");
  CHECK(sf::clock_text(360'000) == "100:00:00");
}

TEST_CASE("a progress bar shows the first step and the last", "[training]") {
  const std::string all = written_to_stderr([] { trained({.steps = 20}, sf::ProgressBar{true}); });
  CHECK_THAT(all, contains("\r[#.............................]   5.0 %  step 1 of 20  loss "));
  CHECK_THAT(all, contains("\r[##############################] 100.0 %  step 20 of 20  loss ") && contains("took 0:0"));
  CHECK(all.back() == '\n');
}

TEST_CASE("a progress bar that goes to a file is a line now and then", "[training]") {
  const std::string all = written_to_stderr([] { trained({.steps = 20}, sf::ProgressBar{}); });
  CHECK_THAT(all,
             contains("[#.............................]   5.0 %  step 1 of 20  loss ") && contains("step 20 of 20"));
  CHECK(std::count(all.begin(), all.end(), '\n') == 2);  // ten seconds do not pass between the first and the last
  CHECK(all.find('\r') == std::string::npos);
}

TEST_CASE("a progress bar of a run that is stopped ends its line", "[training]") {
  const std::string all = written_to_stderr(
      [] { trained({.steps = 20}, sf::ProgressBar{true}, [](const auto&) { return sf::Next::stop; }); });
  CHECK_THAT(all, contains("step 1 of 20"));
  CHECK(all.back() == '\n');
  CHECK(written_to_stderr([] { const sf::ProgressBar unused{true}; }).empty());
}

TEST_CASE("a progress bar allocates nothing", "[training]") {
  const sf::Vector<float> p;
  std::int64_t allocated = -1;
  const std::string all = written_to_stderr([&] {
    sf::ProgressBar bar{true};
    bar(sf::Progress<float>{1, 4, 0, 1, 0.5, 1e-3, p});
    allocated = sf::test::count_allocations([&] {
      for (sf::Index step = 2; step <= 4; ++step) {
        std::this_thread::sleep_for(std::chrono::milliseconds(110));  // so that each step is drawn
        bar(sf::Progress<float>{step, 4, 0, 1, 0.5, 1e-3, p});
      }
    });
  });
  CHECK_THAT(all, contains("step 2 of 4") && contains(" left") && contains("step 3 of 4"));
  CHECK(allocated == 0);
}
