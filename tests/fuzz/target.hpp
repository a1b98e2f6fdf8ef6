/// What the fuzz targets have in common: a file of the bytes that are tried, and what a reader may do with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>
#include <sanitizer/allocator_interface.h>
#include <span>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "scorefield/core/error.hpp"

namespace scorefield::fuzz {

/// Ends the program where something does not hold, which libFuzzer takes for a finding.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: does not hold: %s\n", what);
  std::abort();
}

/// A file in memory, for readers that take a path.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("scorefield", MFD_CLOEXEC)) {
    require(descriptor_ >= 0, "a file in memory can be made");
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }

  /// Takes the place of what the file held.
  void hold(std::span<const std::uint8_t> bytes) const {
    require(::ftruncate(descriptor_, 0) == 0 &&
                ::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
            "a file in memory can be written");
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  int descriptor_;
  std::filesystem::path path_;
};

/// Limits on what a reader takes. Bytes are counted by hooks of the sanitizers' allocator.
class Limits {
 public:
  /// Calls read() and requires that it takes no second of the processor, and never has more than `most` bytes beyond
  /// those that were allocated before.
  template <class Read>
  static auto keep(std::size_t most, const Read& read) {
    require(hooked_, "allocations can be watched");
    limit_ = now_ + static_cast<std::int64_t>(most);
    struct Lift {
      ~Lift() {
        limit_ = unlimited;
        require(std::clock() - start < CLOCKS_PER_SEC, "a file takes no second");
      }
      std::clock_t start = std::clock();
    } lift;
    return read();
  }

 private:
  static constexpr std::int64_t unlimited = INT64_MAX;

  static void allocated(const volatile void*, std::size_t bytes) {
    now_ += static_cast<std::int64_t>(bytes);
    if (now_ <= limit_) return;
    limit_ = unlimited;  // for the report
    require(false, "memory stays within a small multiple of the file");
  }
  static void freed(const volatile void* memory) {
    if (memory) now_ -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(memory));
  }

  inline static std::int64_t now_ = 0, limit_ = unlimited;
  inline static const bool hooked_ = __sanitizer_install_malloc_and_free_hooks(allocated, freed) != 0;
};

/// What read() makes of a file, or nothing where it throws a FileError. Any other exception ends the program, and so
/// does what is beyond the limits.
template <class Read>
auto read_or_refuse(std::size_t most, const Read& read) {
  std::optional<decltype(read())> got;
  try {
    got = Limits::keep(most, read);
  } catch (const FileError&) {
  }
  return got;
}

}  // namespace scorefield::fuzz
