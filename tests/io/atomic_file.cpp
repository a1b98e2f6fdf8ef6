#include "scorefield/io/atomic_file.hpp"

#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>

#include "scorefield/io/npy.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"
#if __has_include(<sys/resource.h>)
#include <csignal>
#include <sys/resource.h>
#endif

namespace sf = scorefield;
namespace fs = std::filesystem;
using scorefield::test::bytes_of;
using scorefield::test::contains;
using scorefield::test::Folder;
using scorefield::test::put;

#if __has_include(<unistd.h>)
namespace {

/// What fsync does and returns in this executable, in which nothing else calls it.
std::function<int(int)> on_fsync;

}  // namespace

extern "C" int fsync(int file) { return on_fsync ? on_fsync(file) : 0; }
#endif

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

#if __has_include(<unistd.h>)
TEST_CASE("a file is on the disk, whole, before it takes the place of an older one", "[io]") {
  const Folder folder("synced");
  const auto target = folder.path / "file";
  put(target, "old");
  std::string at_target, beside;
  on_fsync = [&](int) {
    at_target = bytes_of(target), beside = bytes_of(folder.path / "file.tmp");
    return 0;
  };
  sf::AtomicFile file("test", target);
  file.write("new", 3);
  file.commit();
  on_fsync = nullptr;
  CHECK(at_target == "old");
  CHECK(beside == "new");
  CHECK(bytes_of(target) == "new");
}

TEST_CASE("a disk that fails leaves the old file and no other, one that needs no flushing is no fault", "[io]") {
  const Folder folder("unsynced");
  const auto target = folder.path / "a.npy";
  put(target, "old");
  const auto write_with_fault = [&](int fault) {
    on_fsync = [=](int) {
      errno = fault;
      return -1;
    };
    std::string message;
    try {
      sf::write_npy<float>(target, sf::Matrix<float>::Zero(2, 3));
    } catch (const sf::FileError& error) {
      message = error.what();
    }
    on_fsync = nullptr;
    return message;
  };
  CHECK_THAT(write_with_fault(EIO), contains("a.npy, got Input/output error"));
  CHECK(bytes_of(target) == "old");
  CHECK(folder.entries() == 1);
  CHECK(write_with_fault(EINVAL).empty());
  CHECK(bytes_of(target) != "old");
}
#endif
