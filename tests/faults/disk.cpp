// Disks that are full, folders that vanish or may not be written: the old file stays whole and nothing else is left.
#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>

#include "scorefield/core/file/atomic_file.hpp"
#include "scorefield/file/npy.hpp"
#include "scorefield/file/safetensors.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"
#if __has_include(<sys/resource.h>)
#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif
#ifdef __linux__
#include <sys/mount.h>
#endif

namespace sf = scorefield;
namespace fs = std::filesystem;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

using Write = std::function<void(const fs::path&, sf::Index samples)>;

const Write writes[] = {
    [](const fs::path& path, sf::Index samples) { sf::write_npy<float>(path, sf::Matrix<float>::Zero(2, samples)); },
    [](const fs::path& path, sf::Index samples) {
      sf::Tensors tensors;
      tensors.add("a", {samples, 2}, sf::Matrix<float>::Zero(2, samples));
      sf::write_safetensors(path, tensors);
    }};

/// The message of the FileError that f throws, or nothing.
template <class F>
std::string refusal(const F& f) {
  try {
    f();
  } catch (const sf::FileError& error) {
    return error.what();
  }
  return {};
}

// Too large for buffers, so that a write fails, and small enough to fail when they are emptied.
constexpr sf::Index sizes[] = {100'000, 10};

}  // namespace

#if __has_include(<sys/resource.h>)
TEST_CASE("a file larger than a process may write leaves the old file and no other", "[faults]") {
  const test::Folder folder("faults_limit");
  const auto target = folder.path / "file";
  test::put(target, "old");
  for (const auto& write : writes)
    for (const sf::Index samples : sizes) {
      rlimit before{};
      getrlimit(RLIMIT_FSIZE, &before);
      rlimit limited = before;
      limited.rlim_cur = 50;
      const auto handler = std::signal(SIGXFSZ, SIG_IGN);
      setrlimit(RLIMIT_FSIZE, &limited);
      const auto message = refusal([&] { write(target, samples); });
      setrlimit(RLIMIT_FSIZE, &before);
      std::signal(SIGXFSZ, handler);
      CHECK_THAT(message, contains("expected to write " + target.string() + ", got File too large; check that"));
      CHECK(test::bytes_of(target) == "old");
      CHECK(folder.entries() == 1);
    }
}

TEST_CASE("a folder that may not be written is reported, and what is in it stays", "[faults]") {
  const test::Folder folder("faults_modes");
  const auto target = folder.path / "file";
  test::put(target, "old");
  fs::permissions(folder.path,
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  // Modes do not bind root, so that a process of somebody else tries.
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
    const auto message = refusal([&] { writes[0](target, 10); });
    _exit(message.find("file, got Permission denied; check that") == message.npos ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  fs::permissions(folder.path, fs::perms::owner_all);
  CHECK(status == 0);
  CHECK(test::bytes_of(target) == "old");
  CHECK(folder.entries() == 1);
}
#endif

TEST_CASE("a folder that vanishes between the first byte and the last is reported", "[faults]") {
  const test::Folder folder("faults_vanishing");
  const auto target = folder.path / "runs" / "file";
  fs::create_directories(target.parent_path());
  sf::AtomicFile file("test", target);
  file.write("new", 3);
  fs::remove_all(target.parent_path());
  CHECK_THAT(refusal([&] { file.commit(); }),
             contains("test: expected to write " + target.string() + ", got No such file or directory; check that"));
  CHECK(folder.entries() == 0);
}

#ifdef __linux__
TEST_CASE("a device without room is reported", "[faults]") {
  const test::Folder folder("faults_device");
  const auto link = folder.path / "file";
  fs::create_symlink("/dev/full", link);
  for (const auto& write : writes)
    for (const sf::Index samples : sizes)
      CHECK_THAT(refusal([&] { write(link, samples); }),
                 contains("expected to write " + link.string() + ", got No space left on device; check that"));
  CHECK(fs::is_character_file("/dev/full"));
  CHECK(folder.entries() == 1);
}

namespace {

/// A file system in memory at a folder while this lives.
struct Mounted {
  Mounted(fs::path at, const char* options)
      : path(std::move(at)), there(mount("scorefield", path.c_str(), "tmpfs", 0, options) == 0) {}
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted() {
    if (there) umount(path.c_str());
  }

  fs::path path;
  bool there;
};

}  // namespace

TEST_CASE("a disk without room, or that may only be read, keeps the old file and no other", "[faults]") {
  const test::Folder folder("faults_mounted");
  const Mounted disk(folder.path, "size=64k");
  if (!disk.there) {
    WARN("skipped: this process may mount no file system");
    return;
  }
  const auto target = folder.path / "file";
  test::put(target, "old");
  for (const auto& write : writes) {
    CHECK_THAT(refusal([&] { write(target, 100'000); }), contains("file, got No space left on device; check that"));
    CHECK(test::bytes_of(target) == "old");
    CHECK(folder.entries() == 1);
  }
  // What is left of the room is taken, so that even a few bytes find none.
  test::put(folder.path / "rest", std::string(100'000, 'x'));
  for (const auto& write : writes) {
    CHECK_THAT(refusal([&] { write(target, 10); }), contains("file, got No space left on device; check that"));
    CHECK(test::bytes_of(target) == "old");
    CHECK(folder.entries() == 2);
  }
  REQUIRE(mount("scorefield", folder.path.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "") == 0);
  for (const auto& write : writes)
    CHECK_THAT(refusal([&] { write(target, 10); }), contains("file, got Read-only file system; check that"));
  CHECK(test::bytes_of(target) == "old");
  CHECK(folder.entries() == 2);
}
#endif
