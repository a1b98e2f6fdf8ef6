#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "scorefield/io/atomic_file.hpp"
#include "scorefield/io/npy.hpp"

#include "support/catch.hpp"
#if __has_include(<sys/resource.h>)
#include <csignal>
#include <sys/resource.h>
#endif

namespace sf = scorefield;
namespace fs = std::filesystem;
using scorefield::test::contains;

namespace {

/// An empty folder that goes with the test.
struct Folder {
  explicit Folder(const std::string& name) : path(fs::temp_directory_path() / ("scorefield_test_" + name)) {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }

  /// The number of files and folders in it.
  auto entries() const { return std::distance(fs::directory_iterator(path), fs::directory_iterator()); }

  fs::path path;
};

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

}  // namespace

TEMPLATE_TEST_CASE("an array is written as NumPy reads it", "[io]", float, double) {
  const Folder folder(sizeof(TestType) == 4 ? "npy_float" : "npy_double");
  sf::Matrix<TestType> samples{{1, 2, 3}, {TestType(-0.5), 0, TestType(1e-3)}};
  sf::write_npy(folder.path / "samples.npy", samples);
  CHECK(folder.entries() == 1);

  const auto bytes = bytes_of(folder.path / "samples.npy");
  REQUIRE(bytes.size() > 10);
  CHECK(bytes.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t length = static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  CHECK((10 + length) % 64 == 0);
  REQUIRE(bytes.size() == 10 + length + 6 * sizeof(TestType));

  const auto header = bytes.substr(10, length);
  CHECK(header.back() == '\n');
  // The tests run on little-endian machines.
  const std::string type = sizeof(TestType) == 4 ? "'<f4'" : "'<f8'";
  CHECK(header.substr(0, header.find_last_not_of(" \n") + 1) ==
        "{'descr': " + type + ", 'fortran_order': False, 'shape': (3, 2), }");

  TestType payload[6];
  std::memcpy(payload, bytes.data() + 10 + length, sizeof payload);
  const TestType expected[6] = {1, TestType(-0.5), 2, 0, 3, TestType(1e-3)};
  CHECK(std::equal(payload, payload + 6, expected));
}

TEST_CASE("an array header fills 64 bytes whatever the shape", "[io]") {
  const Folder folder("npy_shapes");
  for (const sf::Index n : {0, 1, 12, 123, 1234, 12345, 123456}) {
    sf::write_npy<float>(folder.path / "a.npy", sf::Matrix<float>::Zero(1, n));
    CHECK((bytes_of(folder.path / "a.npy").size() - static_cast<std::size_t>(4 * n)) % 64 == 0);
  }
}

TEST_CASE("a file takes the place of an older one when it is whole", "[io]") {
  const Folder folder("replace");
  const auto target = folder.path / "file";
  put(target, "old");
  {
    sf::AtomicFile file("test", target);
    file.write("new", 3);
    CHECK(bytes_of(target) == "old");
    file.commit();
  }
  CHECK(bytes_of(target) == "new");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file that is not finished leaves no trace", "[io]") {
  const Folder folder("unfinished");
  const auto target = folder.path / "file";
  put(target, "old");
  {
    sf::AtomicFile file("test", target);
    file.write("new", 3);
  }
  CHECK(bytes_of(target) == "old");
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file that cannot be made is reported with path and reason", "[io]") {
  const Folder folder("nowhere");
  const auto target = folder.path / "missing" / "a.npy";
  const sf::Matrix<float> samples = sf::Matrix<float>::Zero(2, 3);
  CHECK_THROWS_AS(sf::write_npy(target, samples), sf::FileError);
  CHECK_THROWS_WITH(sf::write_npy(target, samples), contains("write_npy: expected to write " + target.string()));
  CHECK_THROWS_WITH(sf::write_npy(target, samples), contains("No such file or directory"));
  CHECK(folder.entries() == 0);
}

TEST_CASE("a file that cannot be put in place leaves no trace", "[io]") {
  const Folder folder("occupied");
  fs::create_directories(folder.path / "a.npy" / "full");
  CHECK_THROWS_AS(sf::write_npy<float>(folder.path / "a.npy", sf::Matrix<float>::Zero(2, 3)), sf::FileError);
  CHECK(fs::is_directory(folder.path / "a.npy" / "full"));
  CHECK(folder.entries() == 1);
}

#if __has_include(<sys/resource.h>)
TEST_CASE("a disk that is full leaves the old file and no other", "[io]") {
  const Folder folder("full");
  const auto target = folder.path / "a.npy";
  put(target, "old");
  const auto write_with_room_for = [&](rlim_t bytes, sf::Index samples) {
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit limited = before;
    limited.rlim_cur = bytes;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limited);
    std::string message;
    try {
      sf::write_npy<float>(target, sf::Matrix<float>::Zero(2, samples));
    } catch (const sf::FileError& error) {
      message = error.what();
    }
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    return message;
  };
  // Large enough to fail in a write, and small enough to fail when the buffer is flushed by the close.
  for (const sf::Index samples : {100'000, 10}) {
    CHECK_THAT(write_with_room_for(50, samples), contains("a.npy, got File too large"));
    CHECK(bytes_of(target) == "old");
    CHECK(folder.entries() == 1);
  }
}
#endif
