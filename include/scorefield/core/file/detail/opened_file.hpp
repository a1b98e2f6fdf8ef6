/// Regular files opened for reading, by descriptor.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#if __has_include(<unistd.h>) && !defined(_WIN32)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace scorefield::detail {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;

/// A file at its start and the bytes that it had when it was opened, or else the reason why there is none.
struct OpenedFile {
  FileHandle file = {};
  std::uintmax_t size = 0;
  std::string trouble = {};
};

#if __has_include(<unistd.h>) && !defined(_WIN32)

/// What kind of thing has this mode, unless it is a file.
inline std::string kind_beside_file(mode_t mode) {
  if (S_ISREG(mode)) return {};
  if (S_ISDIR(mode)) return std::generic_category().message(EISDIR);
  return S_ISFIFO(mode) ? "a pipe" : "a device";
}

/// Refuses what is no file, since it may have nothing to read for ever.
inline OpenedFile open_to_read(const std::filesystem::path& path) {
  const auto trouble = [](int error) { return OpenedFile{.trouble = std::generic_category().message(error)}; };
  // Opening a pipe would wait for its writer otherwise.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) return trouble(errno);
  FileHandle file(::fdopen(descriptor, "rb"));
  if (!file) {
    const int error = errno;
    ::close(descriptor);
    return trouble(error);
  }
  // This asks what was opened, because the path may lead to another file by now.
  struct stat about {};
  if (::fstat(descriptor, &about) != 0) return trouble(errno);
  if (auto kind = kind_beside_file(about.st_mode); !kind.empty()) return {.trouble = std::move(kind)};
  return {.file = std::move(file), .size = static_cast<std::uintmax_t>(about.st_size)};
}

#else

/// Windows lets nobody replace a file that is open, so the path still leads to what was opened.
inline OpenedFile open_to_read(const std::filesystem::path& path) {
  FileHandle file(std::fopen(path.string().c_str(), "rb"));
  if (!file) return {.trouble = std::generic_category().message(errno)};
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return {.trouble = error.message()};
  return {.file = std::move(file), .size = size};
}

#endif

}  // namespace scorefield::detail
