/// Files that are mapped into memory: the system reads what is looked at, when it is.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#if __has_include(<sys/mman.h>) && !defined(_WIN32)
#include <stdio.h>
#include <sys/mman.h>
#define SCOREFIELD_HAS_MMAP
#endif

namespace scorefield {
namespace detail {

struct Unmap {
  std::size_t size;

  void operator()([[maybe_unused]] std::byte* first) const {
#ifdef SCOREFIELD_HAS_MMAP
    ::munmap(first, size);
#endif
  }
};
using Mapping = std::unique_ptr<std::byte, Unmap>;

}  // namespace detail

/// Bytes of a file, which stay there when the file is removed or another takes its place. Where it is written to they
/// change, and where it is made shorter the system ends the program that looks at what is gone.
class MappedBytes {
 public:
  /// Of those that are mapped, the ones from `offset` on.
  MappedBytes(detail::Mapping mapping, std::size_t offset) : mapping_(std::move(mapping)), offset_(offset) {}

  std::span<const std::byte> all() const {
    return std::span<const std::byte>(mapping_.get(), mapping_.get_deleter().size).subspan(offset_);
  }

  /// Gives back to the system what was looked at so far, which it then no longer counts as memory of this process. It
  /// is read again where it is looked at once more, mostly from the system's cache. Others may look at it meanwhile.
  void let_go() const {
#ifdef SCOREFIELD_HAS_MMAP
    ::madvise(mapping_.get(), mapping_.get_deleter().size, MADV_DONTNEED);
#endif
  }

 private:
  detail::Mapping mapping_;
  std::size_t offset_;
};

namespace detail {

/// What was mapped, or else the reason why nothing was.
struct MappedFile {
  MappedBytes bytes;
  std::string trouble = {};
};

/// Maps a file of `size` bytes, from 1 on, to be looked at in any order, from `offset` on.
inline MappedFile map_file([[maybe_unused]] std::FILE* file, std::uintmax_t size, std::uintmax_t offset) {
  const auto trouble = [](std::string reason) { return MappedFile{{{}, 0}, std::move(reason)}; };
  if (!std::in_range<std::size_t>(size)) return trouble(std::generic_category().message(EFBIG));
#ifdef SCOREFIELD_HAS_MMAP
  const auto bytes = static_cast<std::size_t>(size);
  void* const first = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, ::fileno(file), 0);
  if (first == MAP_FAILED) return trouble(std::generic_category().message(errno));
  ::madvise(first, bytes, MADV_RANDOM);
  return {{Mapping(static_cast<std::byte*>(first), Unmap{bytes}), static_cast<std::size_t>(offset)}};
#else
  return trouble("a system that does not map files into memory");
#endif
}

}  // namespace detail
}  // namespace scorefield
#undef SCOREFIELD_HAS_MMAP
