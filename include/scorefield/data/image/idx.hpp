/// A reader of IDX files, the format of MNIST, plain or gzip-compressed: the one header that needs zlib.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>
#include <zlib.h>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/detail/opened_file.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// An array of unsigned bytes, the last index fastest.
struct IdxArray {
  std::vector<Index> shape;  ///< 1 to 255 positive sizes
  std::vector<std::uint8_t> values;
};

/// n grey images of height x width pixels.
template <Real Scalar>
struct IdxImages {
  Index height, width;
  Matrix<Scalar> samples;  ///< (height * width) x n, each in [0, 1]: rows from the top, pixels from the left
};

namespace detail {

/// Opens for zlib, which closes descriptors itself, what is open already. Null where that fails.
#if __has_include(<unistd.h>) && !defined(_WIN32)
inline gzFile open_compressed(std::FILE* opened, const std::filesystem::path&) {
  const int descriptor = ::fcntl(::fileno(opened), F_DUPFD_CLOEXEC, 0);
  const gzFile file = descriptor < 0 ? nullptr : gzdopen(descriptor, "rb");
  if (file == nullptr && descriptor >= 0) ::close(descriptor);
  return file;
}
#else
inline gzFile open_compressed(std::FILE*, const std::filesystem::path& path) {
  return gzopen(path.string().c_str(), "rb");
}
#endif

/// A file that is read once. Nothing that it says about itself is believed before it is seen.
class IdxFile {
 public:
  IdxFile(std::string operation, const std::filesystem::path& path) : operation_(std::move(operation)), path_(path) {
    auto opened = open_to_read(path_);
    if (!opened.file) fail_to_open(opened.trouble);
    size_ = opened.size;
    errno = 0;
    file_.reset(open_compressed(opened.file.get(), path_));
    if (!file_) fail_to_open(std::generic_category().message(errno != 0 ? errno : ENOMEM));
  }

  /// rank: how many sizes the shape must have, or 0 for any number. Throws FileError.
  IdxArray read(std::size_t rank) {
    const auto shape = read_shape(rank);
    const std::size_t count = checked_count(shape);
    return {{shape.begin(), shape.end()}, read_values(shape, count)};
  }

 private:
  using Shape = std::vector<std::uint32_t>;

  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };

  [[noreturn]] void fail_to_open(const std::string& reason) const {
    throw FileError(operation_, "to open " + path_.string(), reason, "check the path, and that the file may be read");
  }

  [[noreturn]] void fail(const std::string& expected, const std::string& got, const std::string& hint) const {
    throw FileError(operation_, expected + " in " + path_.string(), got, hint);
  }

  /// Reads `most` bytes, or fewer at the end of the file, and returns how many. zlib decompresses on the way.
  std::size_t read_bytes(std::uint8_t* to, std::size_t most) {
    const int got = gzread(file_.get(), to, static_cast<unsigned>(most));
    int error = Z_OK;
    const std::string message = gzerror(file_.get(), &error);
    // A compressed stream that breaks off is an error, but one that lets its bytes out.
    if (got < 0 || error != Z_OK) {
      const auto name = message.rfind(": ");  // the number of a descriptor comes first, of which users know nothing
      const auto reason = name == message.npos ? message : message.substr(name + 2);
      throw FileError(operation_, "a whole and readable file", path_.string() + ": " + reason, "fetch the file again");
    }
    return static_cast<std::size_t>(got);
  }

  /// The header: two zeros, the type of the values, the number of sizes; then each size in four bytes, the highest
  /// first.
  Shape read_shape(std::size_t rank) {
    constexpr std::uint8_t unsigned_byte = 8;
    std::array<std::uint8_t, 4> magic{};
    if (const auto got = read_bytes(magic.data(), 4); got < 4 || magic[0] != 0 || magic[1] != 0)
      fail("the four bytes that begin an IDX file, two of them 0,",
           got < 4 ? text(got, " bytes in all") : text("bytes ", int{magic[0]}, " and ", int{magic[1]}),
           "pass a file like MNIST's train-images-idx3-ubyte.gz");
    if (magic[2] != unsigned_byte)
      fail("unsigned bytes (type 8)", text("type ", int{magic[2]}), "convert the values to unsigned bytes");
    if (magic[3] == 0 || (rank != 0 && magic[3] != rank))
      fail(rank == 0 ? "at least one size" : text("rank ", rank), text("rank ", int{magic[3]}),
           "images have rank 3 (n x height x width), labels have rank 1");

    std::array<std::uint8_t, 4 * 255> sizes;
    const std::size_t bytes = std::size_t{4} * magic[3];
    if (const auto got = read_bytes(sizes.data(), bytes); got < bytes)
      fail(text(bytes, " bytes of sizes"), text(got), "fetch the file again");
    Shape shape;
    for (std::size_t i = 0; i < bytes; i += 4)
      shape.push_back(std::uint32_t{sizes[i]} << 24 | std::uint32_t{sizes[i + 1]} << 16 |
                      std::uint32_t{sizes[i + 2]} << 8 | sizes[i + 3]);
    return shape;
  }

  std::vector<std::uint8_t> read_values(const Shape& shape, std::size_t count) {
    std::vector<std::uint8_t> values;
    // The size of a plain file is known beforehand. For any other, memory is taken as the values come.
    if (gzdirect(file_.get()) == 1) {
      const std::uintmax_t header = 4 + 4 * shape.size();
      // A file that has grown since it was opened may have been smaller than what was read of it.
      const std::uintmax_t rest = size_ - std::min(size_, header);
      if (rest != count) fail_for_size(shape, count, text(rest));
      values.reserve(count);
    }

    constexpr std::size_t block = 1 << 16;
    for (std::size_t got = 0; got < count;) {
      const std::size_t asked = std::min(block, count - got);
      values.resize(got + asked);
      const std::size_t more = read_bytes(values.data() + got, asked);
      got += more;
      if (more < asked) fail_for_size(shape, count, text(got));
    }
    // At the end of a compressed stream this also compares its checksum.
    std::uint8_t surplus = 0;
    if (read_bytes(&surplus, 1) != 0) fail_for_size(shape, count, "more");
    return values;
  }

  /// The product of the sizes, which an Index holds, so that each of them fits as well.
  std::size_t checked_count(const Shape& shape) const {
    constexpr std::uint64_t wide = std::uint64_t{1} << 36;
    constexpr std::uint64_t most = std::min<std::uint64_t>(wide, std::numeric_limits<Index>::max());
    std::uint64_t count = 1;
    for (const std::uint64_t size : shape) {
      if (size == 0 || size > most / count)
        fail("positive sizes whose product is at most " + (most == wide ? "2^36" : text(most)), spelled(shape),
             "fetch the file again");
      count *= size;
    }
    return static_cast<std::size_t>(count);
  }

  [[noreturn]] void fail_for_size(const Shape& shape, std::size_t count, const std::string& got) const {
    fail(text(count, " bytes of values (", spelled(shape), ")"), got, "fetch the file again");
  }

  static std::string spelled(const Shape& shape) {
    std::string sizes;
    for (const std::uint32_t size : shape) sizes += (sizes.empty() ? "" : " x ") + text(size);
    return sizes;
  }

  std::string operation_;
  std::filesystem::path path_;
  std::uintmax_t size_ = 0;  ///< in bytes, of the file as it is on the disk
  std::unique_ptr<std::remove_pointer_t<gzFile>, Close> file_;
};

}  // namespace detail

/// Reads an IDX file of unsigned bytes (LeCun, Cortes, Burges, "The MNIST database"), plain or compressed by gzip.
/// Throws FileError when it cannot be opened, is no such file, is damaged, or is shorter or longer than its sizes say;
/// these are positive, and at most 2^36 values in all,
/// or as many as an Index counts.
inline IdxArray read_idx(const std::filesystem::path& path) { return detail::IdxFile("read_idx", path).read(0); }

/// Reads a file of images, an array of rank 3 (n x height x width), as bytes / 255. Throws FileError like read_idx(),
/// and for another rank.
template <Real Scalar>
IdxImages<Scalar> read_idx_images(const std::filesystem::path& path) {
  const IdxArray array = detail::IdxFile("read_idx_images", path).read(3);
  const Index height = array.shape[1], width = array.shape[2];
  using Bytes = Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  const Eigen::Map<const Bytes> bytes(array.values.data(), height * width, array.shape[0]);
  return {height, width, bytes.template cast<Scalar>() / Scalar(255)};
}

/// Reads a file of labels, an array of rank 1: n numbers from 0 to 255. Throws FileError like read_idx(), and for
/// another rank.
inline std::vector<int> read_idx_labels(const std::filesystem::path& path) {
  const IdxArray array = detail::IdxFile("read_idx_labels", path).read(1);
  return {array.values.begin(), array.values.end()};
}

}  // namespace scorefield
