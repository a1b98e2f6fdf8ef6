#include "scorefield/core/file/input_file.hpp"

#include <array>
#include <filesystem>
#include <string>

#include "scorefield/file/npy.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/replacing.hpp"
#if __has_include(<sys/stat.h>) && !defined(_WIN32)
#include <sys/stat.h>
#endif

namespace sf = scorefield;
namespace fs = std::filesystem;
using scorefield::test::contains;
using scorefield::test::Folder;
using scorefield::test::put;

TEST_CASE("bytes come in their order, and no more than there are", "[io]") {
  const Folder folder("input");
  put(folder.path / "file", "abcdef");
  sf::InputFile file("test", folder.path / "file");
  CHECK(file.left() == 6);
  std::array<char, 4> bytes{};
  file.read(bytes.data(), 4);
  CHECK(std::string(bytes.begin(), bytes.end()) == "abcd");
  CHECK(file.left() == 2);
  CHECK_THROWS_WITH(file.read(bytes.data(), 3), contains("test: expected 3 bytes more in ") && contains(", got 2; "));
}

TEST_CASE("a file that others replace meanwhile is read whole, the old one or the new", "[io]") {
  const Folder folder("replaced");
  const auto path = folder.path / "a.npy";
  std::array<std::string, 2> contents;
  for (std::size_t i = 0; i < 2; ++i) {
    sf::write_npy<float>(path, sf::Matrix<float>::Constant(2, 1 + 20 * static_cast<sf::Index>(i), 1));
    contents[i] = scorefield::test::bytes_of(path);
  }
  scorefield::test::while_replacing(path, contents, [&] {
    for (int i = 0; i < 20'000; ++i) {
      const auto samples = sf::read_npy<float>(path);
      REQUIRE((samples.cols() == 1 || samples.cols() == 21));
      REQUIRE((samples.array() == 1).all());
    }
  });
}

TEST_CASE("what is no file is refused by its name, at once", "[io]") {
  const Folder folder("no_file");
  const auto reading = [&](const fs::path& path) { return sf::InputFile("test", path).left(); };
  CHECK_THROWS_AS(reading(folder.path), sf::FileError);
  CHECK_THROWS_WITH(reading(folder.path), contains("test: expected to read " + folder.path.string() + ", got Is a "));
  CHECK_THROWS_WITH(reading(folder.path / "missing"), contains("missing, got No such file or directory; check that"));
#if __has_include(<sys/stat.h>) && !defined(_WIN32)
  const auto pipe = folder.path / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(reading(pipe), contains("pipe, got a pipe; check that it is a file"));
  CHECK_THROWS_WITH(reading("/dev/zero"), contains("/dev/zero, got a device; check that it is a file"));
#endif
}
