#include "scorefield/data/image/idx.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/replacing.hpp"
#if __has_include(<sys/stat.h>) && !defined(_WIN32)
#include <sys/stat.h>
#endif

namespace sf = scorefield;
namespace fs = std::filesystem;
using scorefield::test::contains;

namespace {

/// A file that goes with the test.
struct File {
  explicit File(const std::string& name) : path(fs::temp_directory_path() / ("scorefield_test_" + name)) {
    fs::remove_all(path);
  }
  ~File() { fs::remove_all(path); }

  void write_plain(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }

  void write_compressed(const std::string& bytes) const {
    const gzFile file = gzopen(path.string().c_str(), "wb");
    REQUIRE(file != nullptr);
    REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) == static_cast<int>(bytes.size()));
    REQUIRE(gzclose(file) == Z_OK);
  }

  std::string bytes() const {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path path;
};

using Write = void (File::*)(const std::string&) const;
constexpr Write plain_and_compressed[] = {&File::write_plain, &File::write_compressed};

std::string header(const std::vector<std::uint32_t>& shape, char type = 8) {
  std::string bytes{0, 0, type, static_cast<char>(shape.size())};
  for (const std::uint32_t size : shape)
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(size >> shift & 0xFF);
  return bytes;
}

/// Every byte in turn.
std::string counted(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<char>(i % 251);
  return bytes;
}

/// That reading fails, and says so: "read_idx: expected <expected> in <path>, got <got>".
void check_refused(const File& file, const std::string& expected, const std::string& got) {
  CHECK_THROWS_AS(sf::read_idx(file.path), sf::FileError);
  CHECK_THROWS_WITH(sf::read_idx(file.path),
                    contains("read_idx: expected " + expected + " in " + file.path.string() + ", got " + got + "; "));
}

}  // namespace

TEST_CASE("an array comes back from its file", "[data]") {
  const File file("array.idx");
  for (const auto& shape : {std::vector<std::uint32_t>{7}, {3, 5}, {2, 3, 4}, {300, 1, 2, 2, 1}, {1500, 1000}}) {
    std::size_t count = 1;
    for (const auto size : shape) count *= size;
    const auto values = counted(count);
    for (const Write write : plain_and_compressed) {
      (file.*write)(header(shape) + values);
      const auto array = sf::read_idx(file.path);
      CHECK(std::equal(shape.begin(), shape.end(), array.shape.begin(), array.shape.end()));
      CHECK(std::string(array.values.begin(), array.values.end()) == values);
    }
  }
}

TEMPLATE_TEST_CASE("an image is a column of numbers from 0 to 1", "[data]", float, double) {
  const File file("images.idx");
  for (const Write write : plain_and_compressed) {
    (file.*write)(header({2, 3, 2}) + std::string("\x00\x01\x02\x03\x04\x05\xFF\xFE\xFD\xFC\xFB\xFA", 12));
    const auto images = sf::read_idx_images<TestType>(file.path);
    CHECK(images.height == 3);
    CHECK(images.width == 2);
    sf::Matrix<TestType> expected(6, 2);
    for (int i = 0; i < 6; ++i) expected(i, 0) = TestType(i) / 255, expected(i, 1) = TestType(255 - i) / 255;
    CHECK(images.samples == expected);
  }
}

TEST_CASE("labels are numbers from 0 to 255", "[data]") {
  const File file("labels.idx");
  for (const Write write : plain_and_compressed) {
    (file.*write)(header({4}) + std::string("\x07\x00\xFF\x80", 4));
    CHECK(sf::read_idx_labels(file.path) == std::vector<int>{7, 0, 255, 128});
  }
}

TEST_CASE("a file of another rank is refused", "[data]") {
  const File file("rank.idx");
  file.write_plain(header({2, 1, 1}) + "ab");
  CHECK_THROWS_AS(sf::read_idx_labels(file.path), sf::FileError);
  CHECK_THROWS_WITH(sf::read_idx_labels(file.path), contains("read_idx_labels: expected rank 1 in " +
                                                             file.path.string() + ", got rank 3; images have"));
  file.write_plain(header({2}) + "ab");
  CHECK_THROWS_WITH(sf::read_idx_images<float>(file.path), contains("read_idx_images: expected rank 3"));
}

TEST_CASE("a file that cannot be read is reported with path and reason", "[data]") {
  const File file("missing.idx");
  CHECK_THROWS_AS(sf::read_idx(file.path), sf::FileError);
  CHECK_THROWS_WITH(sf::read_idx(file.path),
                    contains("read_idx: expected to open " + file.path.string() + ", got No such file or directory"));
  fs::create_directories(file.path);
  CHECK_THROWS_AS(sf::read_idx(file.path), sf::FileError);
  CHECK_THROWS_WITH(sf::read_idx(file.path), contains(file.path.string()) && contains("Is a directory"));
#if __has_include(<sys/stat.h>) && !defined(_WIN32)
  fs::remove_all(file.path);
  REQUIRE(mkfifo(file.path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(sf::read_idx(file.path),
                    contains("read_idx: expected to open " + file.path.string() + ", got a pipe; check the path"));
#endif
}

TEST_CASE("an array that others replace meanwhile is read whole, the old one or the new", "[data]") {
  const scorefield::test::Folder folder("idx_replaced");
  const auto path = folder.path / "labels.idx";
  scorefield::test::while_replacing(path, {header({1}) + "x", header({30}) + std::string(30, 'x')}, [&] {
    for (int i = 0; i < 20'000; ++i) {
      const auto array = sf::read_idx(path);
      REQUIRE((array.values.size() == 1 || array.values.size() == 30));
    }
  });
}

TEST_CASE("a file that is no array of bytes is refused", "[data]") {
  const File file("magic.idx");
  for (const Write write : plain_and_compressed) {
    const std::string start = "the four bytes that begin an IDX file, two of them 0,";
    (file.*write)("");
    check_refused(file, start, "0 bytes in all");
    (file.*write)(std::string("\0\0\x08", 3));
    check_refused(file, start, "3 bytes in all");
    (file.*write)("\x93NUMPY");
    check_refused(file, start, "bytes 147 and 78");
    (file.*write)(std::string("\0\x08\x08\x01\0\0\0\x01x", 9));
    check_refused(file, start, "bytes 0 and 8");
    (file.*write)(header({1}, 0x0D) + "four");
    check_refused(file, "unsigned bytes (type 8)", "type 13");
    (file.*write)(header({}));
    check_refused(file, "at least one size", "rank 0");
    (file.*write)(header({1, 2, 3}).substr(0, 13));
    check_refused(file, "12 bytes of sizes", "9");
  }
}

TEST_CASE("sizes that are 0 or too many are refused", "[data]") {
  const File file("sizes.idx");
  const std::string expected = "positive sizes whose product is at most 2^36";
  for (const Write write : plain_and_compressed) {
    (file.*write)(header({0}));
    check_refused(file, expected, "0");
    (file.*write)(header({5, 0, 2}));
    check_refused(file, expected, "5 x 0 x 2");
    (file.*write)(header({65536, 65536, 17}));
    check_refused(file, expected, "65536 x 65536 x 17");
    // The product is 2^63, which no Index holds.
    (file.*write)(header({65536, 65536, 1u << 31}));
    check_refused(file, expected, "65536 x 65536 x 2147483648");
    (file.*write)(header(std::vector<std::uint32_t>(255, 0xFFFFFFFF)));
    CHECK_THROWS_WITH(sf::read_idx(file.path), contains("4294967295 x 4294967295 x"));
  }
}

TEST_CASE("a file holds the values that its sizes say, no fewer and no more", "[data]") {
  const File file("length.idx");
  file.write_plain(header({2, 3}) + "12345");
  check_refused(file, "6 bytes of values (2 x 3)", "5");
  file.write_plain(header({2, 3}) + "1234567");
  check_refused(file, "6 bytes of values (2 x 3)", "7");
  file.write_compressed(header({2, 3}) + "12345");
  check_refused(file, "6 bytes of values (2 x 3)", "5");
  file.write_compressed(header({2, 3}) + "1234567");
  check_refused(file, "6 bytes of values (2 x 3)", "more");
  file.write_compressed(header({2, 1 << 20}) + counted((2 << 20) - 1));
  check_refused(file, "2097152 bytes of values (2 x 1048576)", "2097151");
  // 64 GiB, which nobody has asked the machine for when the file turns out to be short.
  for (const Write write : plain_and_compressed) {
    (file.*write)(header({65536, 1024, 1024}) + "12345");
    check_refused(file, "68719476736 bytes of values (65536 x 1024 x 1024)", "5");
  }
}

TEST_CASE("a compressed stream that is broken is refused", "[data]") {
  const File file("broken.idx.gz");
  file.write_compressed(header({100, 100}) + counted(10'000));
  const auto whole = file.bytes();
  CHECK_NOTHROW(sf::read_idx(file.path));
  const auto refused = [&](const std::string& reason) {
    CHECK_THROWS_AS(sf::read_idx(file.path), sf::FileError);
    CHECK_THROWS_WITH(sf::read_idx(file.path), contains("read_idx: expected a whole and readable file, got " +
                                                        file.path.string() + ": " + reason));
  };
  // Cut off in the data, in the checksum, and in the header of gzip.
  for (const std::size_t length : {whole.size() / 2, whole.size() - 6, std::size_t{5}}) {
    file.write_plain(whole.substr(0, length));
    refused("unexpected end of file");
  }
  auto damaged = whole;
  damaged[whole.size() - 6] ^= 1;
  file.write_plain(damaged);
  refused("incorrect data check");
  damaged = whole;
  damaged[2] = 7;
  file.write_plain(damaged);
  refused("unknown compression method");
}
