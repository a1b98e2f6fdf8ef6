/// Atomic files, which are whole or not there.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/detail/opened_file.hpp"

namespace scorefield {
namespace detail {

#if __has_include(<unistd.h>) && !defined(_WIN32)

/// The stream of a new descriptor. Null where there is none or the stream fails; errno tells why.
inline FileHandle stream_to_write(int descriptor) {
  if (descriptor < 0) return nullptr;
  FileHandle file(::fdopen(descriptor, "wb"));
  if (!file) {
    const int error = errno;
    ::close(descriptor);
    errno = error;
  }
  return file;
}

/// Makes a file where there is nothing, not even a link. It gets the mode and, where the system allows it, the owner of
/// the file at `replaced`, if there is one. Null where it fails; errno tells why, EEXIST that the name is taken.
inline FileHandle create_new(const std::filesystem::path& path, const std::filesystem::path& replaced) {
  struct stat old {};
  const bool replaces = ::stat(replaced.c_str(), &old) == 0;
  // Nobody else reads what may be secret before it has its mode.
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, replaces ? 0600 : 0666);
  auto file = stream_to_write(descriptor);
  if (!file) {
    const int error = errno;
    if (descriptor >= 0) ::unlink(path.c_str());
    errno = error;
  } else if (replaces) {
    // What fails here is no fault: some file systems have neither owners nor modes.
    [[maybe_unused]] const int owned = ::fchown(descriptor, old.st_uid, old.st_gid);
    [[maybe_unused]] const int moded = ::fchmod(descriptor, old.st_mode & 0777);
  }
  return file;
}

/// Opens what is there and is no file. A pipe waits for its reader.
inline FileHandle open_straight(const std::filesystem::path& path) {
  return stream_to_write(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
}

/// Hands what was written to the disk, past all buffers. Whether it worked; errno tells why not.
inline bool flush_to_disk(std::FILE* file) {
  // EINVAL: what has nothing to hand on, as some file systems and all pipes.
  return std::fflush(file) == 0 && (::fsync(::fileno(file)) == 0 || errno == EINVAL);
}

/// Hands the names in a folder to the disk, where the system can.
inline void flush_folder_to_disk(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

#else

inline FileHandle create_new(const std::filesystem::path& path, const std::filesystem::path&) {
  return FileHandle(std::fopen(path.string().c_str(), "wbx"));
}
inline FileHandle open_straight(const std::filesystem::path& path) {
  return FileHandle(std::fopen(path.string().c_str(), "wb"));
}
inline bool flush_to_disk(std::FILE* file) { return std::fflush(file) == 0; }
inline void flush_folder_to_disk(const std::filesystem::path&) {}

#endif

/// Where the links at `path` lead in the end, though there may be nothing yet.
inline std::filesystem::path follow_links(std::filesystem::path path, std::error_code& error) {
  constexpr int most = 40;  // as many as Linux follows
  for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(path, error)); ++links) {
    if (links == most) {
      error = std::make_error_code(std::errc::too_many_symbolic_link_levels);
      return path;
    }
    const auto to = std::filesystem::read_symlink(path, error);
    if (error) return path;
    path = path.parent_path() / to;
  }
  error.clear();  // set where there is nothing
  return path;
}

/// ".scorefield-0123456789abcdef.tmp" with other digits each time, short beside a name of any length.
inline std::string temporary_name() {
  std::random_device random;
  std::string name = ".scorefield-";
  for (int i = 0; i < 16; ++i) name += "0123456789abcdef"[random() % 16];
  return name + ".tmp";
}

}  // namespace detail

/// Writes to a temporary file that takes the place of the file at `path` on commit(). Without a commit, as when an
/// exception passes by, the temporary file is removed and what was at `path` stays untouched. A power cut leaves the
/// old file or the new one (on POSIX systems). Whoever writes the same path at the same time writes another temporary
/// file, and the last to commit wins.
///
/// The new file has the mode of the old one. Where `path` is a symbolic link, the file that it leads to is replaced.
/// What is there and is no file (a pipe, a device) is written straight, and then has what was written before commit().
///
/// The temporary file stands in the folder of the file that it replaces. A process that is killed leaves it there: any
/// ".scorefield-<16 digits>.tmp" that no running process writes may be deleted.
class AtomicFile {
 public:
  /// operation: the name that messages start with. Throws FileError when no file can be made in the folder of `path`,
  /// or `path` is a folder.
  AtomicFile(std::string operation, std::filesystem::path path)
      : operation_(std::move(operation)), path_(std::move(path)) {
    std::error_code error;
    const auto status = std::filesystem::status(path_, error);
    if (status.type() == std::filesystem::file_type::none) fail(error.value());
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      file_ = detail::open_straight(path_);
    } else {
      target_ = detail::follow_links(path_, error);
      if (error) fail(error.value());
      make_temporary();
    }
    if (!file_) fail(errno);
  }

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  ~AtomicFile() {
    file_.reset();
    std::error_code ignored;
    if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
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
    if (temporary_.empty()) return;
    const auto folder = target_.parent_path();  // here, since nothing may throw after the rename
    std::error_code error;
    std::filesystem::rename(temporary_, target_, error);
    if (error) fail(error.value());
    temporary_.clear();
    detail::flush_folder_to_disk(folder);
  }

 private:
  void make_temporary() {
    constexpr int most = 100;  // a name that is taken is no fault, but an endless loop would be one
    for (int tries = 0; tries < most; ++tries) {
      auto name = target_.parent_path() / detail::temporary_name();
      file_ = detail::create_new(name, target_);
      if (file_) temporary_ = std::move(name);
      if (file_ || errno != EEXIST) return;
    }
  }

  [[noreturn]] void fail(int error) const {
    throw FileError(operation_, "to write " + path_.string(), std::generic_category().message(error),
                    "check that the folder exists, may be written and has room");
  }

  std::string operation_;
  std::filesystem::path path_;
  std::filesystem::path target_;     ///< where the links at path_ lead
  std::filesystem::path temporary_;  ///< empty where there is none
  detail::FileHandle file_;
};

}  // namespace scorefield
