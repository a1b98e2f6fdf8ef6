/// Input files that are read from front to back and whose length is known beforehand.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/detail/opened_file.hpp"
#include "scorefield/core/file/mapped_bytes.hpp"

namespace scorefield {

/// The file that is at a path when this is made, also where another takes its place later.
class InputFile {
 public:
  /// operation: the name that messages start with. Throws FileError when there is no file at `path`, as where a folder,
  /// a pipe or a device is, or it may not be read.
  InputFile(std::string operation, std::filesystem::path path)
      : operation_(std::move(operation)), path_(std::move(path)) {
    auto opened = detail::open_to_read(path_);
    if (!opened.file) fail_to_read(opened.trouble);
    file_ = std::move(opened.file);
    size_ = left_ = opened.size;
  }

  /// How many bytes have not been read yet: look here before making room for what a file claims to hold.
  std::uintmax_t left() const { return left_; }

  /// The next bytes. Throws FileError when fewer are left.
  void read(void* data, std::size_t bytes) {
    if (bytes > left_) fail(text(bytes, " bytes more"), text(left_), "the file was cut off; write it again");
    if (bytes == 0) return;  // data may be null then
    errno = 0;
    if (std::fread(data, 1, bytes, file_.get()) != bytes)
      fail_to_read(errno != 0 ? std::generic_category().message(errno) : "a file that became shorter");
    left_ -= bytes;
  }

  /// The bytes that have not been read yet, without reading them. Throws FileError where the system cannot do that.
  MappedBytes map_rest() const {
    auto mapped = detail::map_file(file_.get(), size_, size_ - left_);
    if (!mapped.trouble.empty()) fail_to_read(mapped.trouble);
    return std::move(mapped.bytes);
  }

  /// Throws the FileError of a file that does not hold what it should: "<operation>: expected <expected> in <path>,
  /// ...".
  [[noreturn]] void fail(const std::string& expected, const std::string& got, const std::string& hint) const {
    throw FileError(operation_, expected + " in " + path_.string(), got, hint);
  }

 private:
  [[noreturn]] void fail_to_read(const std::string& reason) const {
    throw FileError(operation_, "to read " + path_.string(), reason, "check that it is a file and may be read");
  }

  std::string operation_;
  std::filesystem::path path_;
  detail::FileHandle file_;
  std::uintmax_t size_ = 0, left_ = 0;
};

}  // namespace scorefield
