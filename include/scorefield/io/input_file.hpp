/// Files that are read from front to back, of a length that is known beforehand.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "scorefield/core/error.hpp"

namespace scorefield {

class InputFile {
 public:
  /// operation: the name that messages start with. Throws FileError when there is no file at `path` or it may not be
  /// read.
  InputFile(std::string operation, std::filesystem::path path)
      : operation_(std::move(operation)), path_(std::move(path)) {
    std::error_code error;
    left_ = std::filesystem::file_size(path_, error);
    if (error) fail_to_read(error.message());
    errno = 0;
    file_.reset(std::fopen(path_.string().c_str(), "rb"));
    if (!file_) fail_to_read(std::generic_category().message(errno));
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

  /// Throws the FileError of a file that does not hold what it should: "<operation>: expected <expected> in <path>,
  /// ...".
  [[noreturn]] void fail(const std::string& expected, const std::string& got, const std::string& hint) const {
    throw FileError(operation_, expected + " in " + path_.string(), got, hint);
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void fail_to_read(const std::string& reason) const {
    throw FileError(operation_, "to read " + path_.string(), reason, "check that it is a file and may be read");
  }

  std::string operation_;
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::uintmax_t left_ = 0;
};

}  // namespace scorefield
