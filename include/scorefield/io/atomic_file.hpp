/// Files that are whole or not there.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "scorefield/core/error.hpp"
#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

namespace scorefield {
namespace detail {

/// Hands what was written to the disk, past all buffers. Whether it worked; errno tells why not.
#if __has_include(<unistd.h>)
inline bool flush_to_disk(std::FILE* file) {
  // EINVAL: a file system that has nothing to hand on.
  return std::fflush(file) == 0 && (::fsync(::fileno(file)) == 0 || errno == EINVAL);
}
#else
inline bool flush_to_disk(std::FILE* file) { return std::fflush(file) == 0; }
#endif

}  // namespace detail

/// Writes to a temporary file beside `path` that takes its place on commit(). Without a commit, as when an exception
/// passes by, the temporary file is removed and what was at `path` stays untouched. A power cut leaves the old file or
/// the new one (on POSIX systems).
class AtomicFile {
 public:
  /// operation: the name that messages start with. Throws FileError when no file can be made beside `path`.
  AtomicFile(std::string operation, std::filesystem::path path)
      : operation_(std::move(operation)),
        path_(std::move(path)),
        temporary_(path_.string() + ".tmp"),
        file_(std::fopen(temporary_.string().c_str(), "wb")) {
    if (!file_) fail(errno);
  }

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  ~AtomicFile() {
    if (committed_) return;
    file_.reset();
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
  }

  /// Appends bytes. Throws FileError, as on a full disk.
  void write(const void* data, std::size_t bytes) {
    if (bytes == 0) return;  // data may be null then
    errno = 0;
    if (std::fwrite(data, 1, bytes, file_.get()) != bytes) fail(errno);
  }

  /// Puts the finished file at `path`, in place of what was there. Throws FileError.
  void commit() {
    errno = 0;
    // Before the rename, which might otherwise reach the disk first.
    if (!detail::flush_to_disk(file_.get()) || std::fclose(file_.release()) != 0) fail(errno);
    std::error_code error;
    std::filesystem::rename(temporary_, path_, error);
    if (error) fail(error.value());
    committed_ = true;
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void fail(int error) const {
    throw FileError(operation_, "to write " + path_.string(), std::generic_category().message(error),
                    "check that the folder exists, may be written and has room");
  }

  std::string operation_;
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::unique_ptr<std::FILE, Close> file_;
  bool committed_ = false;
};

}  // namespace scorefield
