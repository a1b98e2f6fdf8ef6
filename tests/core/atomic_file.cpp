#include "scorefield/core/file/atomic_file.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "scorefield/file/npy.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"
#if __has_include(<sys/wait.h>)
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
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

namespace {

constexpr int writers = 4;
constexpr std::size_t content_size = 40'000;

/// Writes in pieces, so that others come in between.
void write_content(const fs::path& target, char letter) {
  const std::string piece(content_size / 10, letter);
  sf::AtomicFile file("test", target);
  for (int i = 0; i < 10; ++i) file.write(piece.data(), piece.size());
  file.commit();
}

/// Whether the bytes are what one writer wrote, and all of it.
bool is_of_one_writer(const std::string& bytes) {
  return bytes.size() == content_size && bytes[0] >= 'a' && bytes[0] < 'a' + writers &&
         bytes.find_first_not_of(bytes[0]) == bytes.npos;
}

}  // namespace

TEST_CASE("threads that write one path leave the file of one of them", "[io]") {
  const Folder folder("threads");
  const auto target = folder.path / "file";
  for (int round = 0; round < 300; ++round) {
    std::array<std::string, writers> errors;
    std::vector<std::thread> threads;
    for (int i = 0; i < writers; ++i)
      threads.emplace_back([&, i] {
        try {
          write_content(target, static_cast<char>('a' + i));
        } catch (const std::exception& error) {
          errors[static_cast<std::size_t>(i)] = error.what();
        }
      });
    for (auto& thread : threads) thread.join();
    for (const auto& error : errors) REQUIRE(error.empty());
    REQUIRE(is_of_one_writer(bytes_of(target)));
    REQUIRE(folder.entries() == 1);
  }
}

TEST_CASE("a file beside that a user named with .tmp stays", "[io]") {
  const Folder folder("beside");
  const auto target = folder.path / "x.npy";
  put(folder.path / "x.npy.tmp", "mine");
  sf::write_npy<float>(target, sf::Matrix<float>::Zero(2, 3));
  CHECK(bytes_of(folder.path / "x.npy.tmp") == "mine");
  CHECK(folder.entries() == 2);
}

TEST_CASE("names may be as long as the file system allows", "[io]") {
  const Folder folder("long");
  const auto target = folder.path / std::string(255, 'n');
  write_content(target, 'a');
  CHECK(is_of_one_writer(bytes_of(target)));
  CHECK_THROWS_WITH(sf::AtomicFile("test", folder.path / std::string(256, 'n')), contains("File name too long"));
}

TEST_CASE("a temporary file has a name that users recognise", "[io]") {
  const Folder folder("name");
  const sf::AtomicFile file("test", folder.path / "file");
  REQUIRE(folder.entries() == 1);
  const auto name = fs::directory_iterator(folder.path)->path().filename().string();
  CHECK_THAT(name, Catch::Matchers::StartsWith(".scorefield-") && Catch::Matchers::EndsWith(".tmp"));
  CHECK(name.size() == 32);
}

TEST_CASE("a symbolic link stays, and the file that it leads to is replaced", "[io]") {
  const Folder folder("links");
  fs::create_directories(folder.path / "a" / "b");
  put(folder.path / "a" / "b" / "file", "old");
  fs::create_symlink("b/file", folder.path / "a" / "relative");
  fs::create_symlink(folder.path / "a" / "relative", folder.path / "absolute");
  write_content(folder.path / "absolute", 'a');
  CHECK(is_of_one_writer(bytes_of(folder.path / "a" / "b" / "file")));
  CHECK(fs::is_symlink(folder.path / "absolute"));
  CHECK(fs::is_symlink(folder.path / "a" / "relative"));

  fs::create_symlink("b/new", folder.path / "a" / "dangling");
  write_content(folder.path / "a" / "dangling", 'b');
  CHECK(is_of_one_writer(bytes_of(folder.path / "a" / "b" / "new")));
  CHECK(fs::is_symlink(folder.path / "a" / "dangling"));
  CHECK(std::distance(fs::directory_iterator(folder.path / "a" / "b"), {}) == 2);

  fs::create_symlink("two", folder.path / "one");
  fs::create_symlink("one", folder.path / "two");
  CHECK_THROWS_WITH(sf::AtomicFile("test", folder.path / "one"), contains("Too many levels of symbolic links"));
  CHECK(folder.entries() == 4);
}

#if __has_include(<sys/wait.h>)
TEST_CASE("processes that write one path leave the file of one of them", "[io]") {
  const Folder folder("processes");
  const auto target = folder.path / "file";
  for (int round = 0; round < 300; ++round) {
    std::vector<pid_t> children;
    for (int i = 0; i < writers; ++i) {
      const pid_t child = fork();
      REQUIRE(child >= 0);
      if (child == 0) {
        try {
          write_content(target, static_cast<char>('a' + i));
        } catch (...) {
          _exit(1);
        }
        _exit(0);
      }
      children.push_back(child);
    }
    int failures = 0;
    for (const pid_t child : children) {
      int status = 0;
      waitpid(child, &status, 0);
      failures += status != 0;
    }
    REQUIRE(failures == 0);
    REQUIRE(is_of_one_writer(bytes_of(target)));
    REQUIRE(folder.entries() == 1);
  }
}

TEST_CASE("a file that is replaced keeps its mode, a new one has the usual", "[io]") {
  const Folder folder("modes");
  const auto target = folder.path / "file";
  const auto mode_after_writing = [&] {
    write_content(target, 'a');
    struct stat about {};
    REQUIRE(stat(target.c_str(), &about) == 0);
    return about.st_mode & 07777;
  };
  const mode_t before = umask(027);
  CHECK(mode_after_writing() == 0640);
  for (const mode_t mode : {0600u, 0666u, 0444u, 0755u}) {
    REQUIRE(chmod(target.c_str(), mode) == 0);
    CHECK(mode_after_writing() == mode);
  }
  umask(before);
  if (geteuid() == 0) {
    constexpr uid_t nobody = 65534;
    REQUIRE(chown(target.c_str(), nobody, nobody) == 0);
    mode_after_writing();
    struct stat about {};
    REQUIRE(stat(target.c_str(), &about) == 0);
    CHECK(about.st_uid == nobody);
    CHECK(about.st_gid == nobody);
  }
}

TEST_CASE("what is no file is written straight", "[io]") {
  const Folder folder("straight");
  const auto pipe = folder.path / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  std::string received;
  std::thread reader([&] { received = bytes_of(pipe); });
  write_content(pipe, 'c');
  reader.join();
  CHECK(is_of_one_writer(received));
  CHECK(fs::is_fifo(pipe));
  CHECK(folder.entries() == 1);

  fs::create_symlink("/dev/null", folder.path / "link");
  write_content(folder.path / "link", 'a');
  CHECK(fs::is_symlink(folder.path / "link"));
  CHECK(fs::is_character_file("/dev/null"));
  CHECK_THROWS_WITH(sf::AtomicFile("test", folder.path), contains("Is a directory"));
  CHECK(folder.entries() == 2);
}
#endif

TEST_CASE("a file that cannot be put in place leaves no trace", "[io]") {
  const Folder folder("occupied");
  fs::create_directories(folder.path / "a.npy" / "full");
  CHECK_THROWS_AS(sf::write_npy<float>(folder.path / "a.npy", sf::Matrix<float>::Zero(2, 3)), sf::FileError);
  CHECK(fs::is_directory(folder.path / "a.npy" / "full"));
  CHECK(folder.entries() == 1);
}

#if __has_include(<unistd.h>)
TEST_CASE("a file is on the disk, whole, before it takes the place of an older one", "[io]") {
  const Folder folder("synced");
  const auto target = folder.path / "file";
  put(target, "old");
  std::string at_target, beside;
  int calls = 0;
  on_fsync = [&](int) {
    if (++calls > 1) return 0;  // the folder, after the file has taken its place
    at_target = bytes_of(target);
    for (const auto& entry : fs::directory_iterator(folder.path))
      if (entry.path() != target) beside = bytes_of(entry.path());
    return 0;
  };
  sf::AtomicFile file("test", target);
  file.write("new", 3);
  file.commit();
  on_fsync = nullptr;
  CHECK(at_target == "old");
  CHECK(beside == "new");
  CHECK(bytes_of(target) == "new");
  CHECK(calls == 2);
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
