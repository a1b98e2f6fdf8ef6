#include "scorefield/file/npy.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
using scorefield::test::bytes_of;
using scorefield::test::contains;
using scorefield::test::Folder;
using scorefield::test::put;

namespace {

std::string little_endian(std::size_t value, int bytes) {
  std::string all;
  for (; bytes > 0; --bytes, value >>= 8) all += static_cast<char>(value & 0xFF);
  return all;
}

/// A file of some format version.
std::string npy(const std::string& header, const std::string& numbers, int version = 1) {
  return "\x93NUMPY" + std::string{static_cast<char>(version), 0} + little_endian(header.size(), version == 1 ? 2 : 4) +
         header + numbers;
}

std::string header(const std::string& type, const std::string& order, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }   \n";
}

template <class T>
std::string numbers(const std::vector<T>& values, bool swapped = false) {
  std::string all;
  for (const T value : values) {
    std::string bytes(sizeof(T), 0);
    std::memcpy(bytes.data(), &value, sizeof(T));
    all += swapped ? std::string(bytes.rbegin(), bytes.rend()) : bytes;
  }
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("an array is written as NumPy reads it", "[io]", float, double) {
  const Folder folder(sizeof(TestType) == 4 ? "npy_float" : "npy_double");
  sf::Matrix<TestType> samples{{1, 2, 3}, {TestType(-0.5), 0, TestType(1e-3)}};
  sf::write_npy(folder.path / "samples.npy", samples);
  CHECK(folder.entries() == 1);

  const auto bytes = bytes_of(folder.path / "samples.npy");
  REQUIRE(bytes.size() > 10);
  CHECK(bytes.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t length = static_cast<unsigned char>(bytes[8]) + 256u * static_cast<unsigned char>(bytes[9]);
  CHECK((10 + length) % 64 == 0);
  REQUIRE(bytes.size() == 10 + length + 6 * sizeof(TestType));

  const auto header = bytes.substr(10, length);
  CHECK(header.back() == '\n');
  // The tests run on little-endian machines.
  const std::string type = sizeof(TestType) == 4 ? "'<f4'" : "'<f8'";
  CHECK(header.substr(0, header.find_last_not_of(" \n") + 1) ==
        "{'descr': " + type + ", 'fortran_order': False, 'shape': (3, 2), }");

  TestType payload[6];
  std::memcpy(payload, bytes.data() + 10 + length, sizeof payload);
  const TestType expected[6] = {1, TestType(-0.5), 2, 0, 3, TestType(1e-3)};
  CHECK(std::equal(payload, payload + 6, expected));
}

TEST_CASE("an expression is written as what it amounts to", "[io]") {
  const Folder folder("npy_expression");
  const sf::Matrix<float> samples{{1, 2}, {3, 4}};
  sf::write_npy(folder.path / "twice.npy", samples * 2);
  CHECK(sf::read_npy<float>(folder.path / "twice.npy") == samples * 2);
}

TEST_CASE("an array header fills 64 bytes whatever the shape", "[io]") {
  const Folder folder("npy_shapes");
  for (const sf::Index n : {0, 1, 12, 123, 1234, 12345, 123456}) {
    sf::write_npy<float>(folder.path / "a.npy", sf::Matrix<float>::Zero(1, n));
    CHECK((bytes_of(folder.path / "a.npy").size() - static_cast<std::size_t>(4 * n)) % 64 == 0);
  }
}

TEST_CASE("images are written with their axes", "[io]") {
  const Folder folder("npy_images");
  const sf::Matrix<float> samples = sf::Matrix<float>::Random(12, 5);
  sf::write_npy(folder.path / "grey.npy", samples, {.height = 3, .width = 4, .channels = 1});
  sf::write_npy(folder.path / "colour.npy", samples, {.height = 2, .width = 2, .channels = 3});
  CHECK_THAT(bytes_of(folder.path / "grey.npy"), contains("'shape': (5, 3, 4), }"));
  CHECK_THAT(bytes_of(folder.path / "colour.npy"), contains("'shape': (5, 2, 2, 3), }"));
  CHECK(sf::read_npy<float>(folder.path / "grey.npy") == samples);
  CHECK(sf::read_npy<float>(folder.path / "colour.npy") == samples);

  const auto write = [&](const sf::ImageShape& image) { sf::write_npy(folder.path / "bad.npy", samples, image); };
  CHECK_THROWS_AS(write({.height = 3, .width = 5, .channels = 1}), sf::InvalidArgument);
  CHECK_THROWS_WITH(write({.height = 3, .width = 5, .channels = 1}),
                    contains("write_npy: expected samples of 3 x 5 x 1 numbers, got 12 rows"));
  CHECK_THROWS_AS(write({.height = 3, .width = 4}), sf::InvalidArgument);
  CHECK(folder.entries() == 2);
}

TEMPLATE_TEST_CASE("labels are written as the integers that they are", "[io]", std::int8_t, std::uint8_t, std::int16_t,
                   std::uint16_t, int, std::uint32_t, std::int64_t, std::uint64_t) {
  const Folder folder(sf::text("npy_labels_", sizeof(TestType), std::is_signed_v<TestType> ? "" : "_unsigned"));
  const auto path = folder.path / "labels.npy";
  const std::vector<TestType> labels{7, 0, 9, std::numeric_limits<TestType>::max()};
  sf::write_npy(path, labels);
  CHECK(folder.entries() == 1);
  const auto bytes = bytes_of(path);
  const auto type =
      sf::text(sizeof(TestType) == 1 ? '|' : '<', std::is_signed_v<TestType> ? 'i' : 'u', sizeof(TestType));
  CHECK_THAT(bytes, contains("{'descr': '" + type + "', 'fortran_order': False, 'shape': (4,), }"));
  CHECK((bytes.size() - 4 * sizeof(TestType)) % 64 == 0);
  CHECK(bytes.ends_with(numbers(labels)));
  const sf::Matrix<double> expected{{7, 0, 9, static_cast<double>(labels[3])}};
  CHECK(sf::read_npy<double>(path) == expected);

  sf::write_npy(path, std::vector<TestType>{});
  CHECK(sf::read_npy<double>(path).size() == 0);
  CHECK_THROWS_AS(sf::write_npy(folder.path / "nowhere" / "labels.npy", labels), sf::FileError);
}

TEMPLATE_TEST_CASE("an array comes back from its file", "[io]", float, double) {
  const Folder folder(sizeof(TestType) == 4 ? "npy_back_float" : "npy_back_double");
  const auto path = folder.path / "a.npy";
  // More numbers than are read at a time, and not a multiple of them.
  const sf::Matrix<TestType> samples = sf::Matrix<TestType>::Random(7, 1237);
  sf::write_npy(path, samples);
  CHECK(sf::read_npy<TestType>(path) == samples);
  CHECK(sf::read_npy<double>(path) == samples.template cast<double>());
  CHECK(sf::read_npy<float>(path) == samples.template cast<float>());
  for (const auto& [rows, cols] : {std::pair<sf::Index, sf::Index>{0, 4}, {4, 0}, {1, 1}}) {
    sf::write_npy<TestType>(path, sf::Matrix<TestType>::Zero(rows, cols));
    const auto back = sf::read_npy<TestType>(path);
    CHECK(back.rows() == rows);
    CHECK(back.cols() == cols);
  }
}

TEST_CASE("arrays of any version, byte order and memory order are read", "[io]") {
  const Folder folder("npy_kinds");
  const auto path = folder.path / "a.npy";
  const std::vector<float> floats{1, -2.5f, 3e-30f, 4, 5, 6};
  const std::vector<double> doubles(floats.begin(), floats.end());
  const sf::Matrix<double> expected{{1, double{3e-30f}, 5}, {-2.5, 4, 6}};
  const sf::Matrix<double> transposed{{1, -2.5, double{3e-30f}}, {4, 5, 6}};
  for (const int version : {1, 2, 3}) {
    put(path, npy(header("<f4", "False", "(3, 2)"), numbers(floats), version));
    CHECK(sf::read_npy<double>(path) == expected);
    put(path, npy(header(">f4", "False", "(3, 2)"), numbers(floats, true), version));
    CHECK(sf::read_npy<double>(path) == expected);
    put(path, npy(header("<f8", "True", "(3, 2)"), numbers(doubles), version));
    CHECK(sf::read_npy<double>(path) == transposed);
    put(path, npy(header(">f8", "True", "(3, 2)"), numbers(doubles, true), version));
    CHECK(sf::read_npy<double>(path) == transposed);
  }
  put(path, npy(R"({"shape":(6,),"fortran_order":False,"descr":"<f4"})", numbers(floats)));
  CHECK(sf::read_npy<double>(path) == sf::Matrix<double>{{1, -2.5, double{3e-30f}, 4, 5, 6}});
  put(path, npy(header("<f4", "True", "(6,)"), numbers(floats)));
  CHECK(sf::read_npy<double>(path) == sf::Matrix<double>{{1, -2.5, double{3e-30f}, 4, 5, 6}});
}

namespace {

/// Writes numbers of a type in both byte orders, and expects them back as they are, rounded.
template <class Stored, class Scalar>
void check_back(const std::string& kind, const std::vector<Stored>& values) {
  const Folder folder("npy_integers");
  const auto path = folder.path / "a.npy";
  const std::string shape = sf::text("(", values.size() / 2, ", 2)"), name = sf::text(kind, sizeof(Stored));
  sf::Matrix<Scalar> expected(2, static_cast<sf::Index>(values.size()) / 2);
  std::transform(values.begin(), values.end(), expected.data(), [](Stored v) { return static_cast<Scalar>(v); });
  for (const std::string order : {"<", ">", "|"}) {
    if (order == "|" && sizeof(Stored) > 1) continue;
    CAPTURE(order, name);
    put(path, npy(header(order + name, "False", shape), numbers(values, order == ">")));
    CHECK(sf::read_npy<Scalar>(path) == expected);
  }
}

/// The ends of the type among them, in more numbers than are read at a time.
template <class Scalar, class Stored>
void check_integers(const std::string& kind) {
  using Limits = std::numeric_limits<Stored>;
  std::vector<Stored> values{Limits::min(), Limits::max(), 0, 1};
  for (int i = 0; i < 5000; ++i) values.push_back(static_cast<Stored>(2654435761u * static_cast<unsigned>(i)));
  check_back<Stored, Scalar>(kind, values);
}

}  // namespace

TEMPLATE_TEST_CASE("integers and bools are read as numbers", "[io]", float, double) {
  check_integers<TestType, std::int8_t>("i");
  check_integers<TestType, std::int16_t>("i");
  check_integers<TestType, std::int32_t>("i");
  check_integers<TestType, std::int64_t>("i");
  check_integers<TestType, std::uint8_t>("u");
  check_integers<TestType, std::uint16_t>("u");
  check_integers<TestType, std::uint32_t>("u");
  check_integers<TestType, std::uint64_t>("u");
  check_back<bool, TestType>("b", {true, false, false, true, true, true});

  const Folder folder("npy_bools");
  const auto path = folder.path / "a.npy";
  put(path, npy(header("|b1", "True", "(2, 2)"), numbers(std::vector<unsigned char>{0, 2, 255, 1})));
  CHECK(sf::read_npy<TestType>(path) == sf::Matrix<TestType>{{0, 1}, {1, 1}});
}

TEST_CASE("integers that a scalar cannot hold are rounded to the nearest", "[io]") {
  const Folder folder("npy_rounded");
  const auto path = folder.path / "a.npy";
  put(path, npy(header("<i4", "False", "(2,)"), numbers(std::vector<std::int32_t>{16'777'217, -16'777'219})));
  CHECK(sf::read_npy<float>(path) == sf::Matrix<float>{{16'777'216, -16'777'220}});
  CHECK(sf::read_npy<double>(path) == sf::Matrix<double>{{16'777'217, -16'777'219}});
  // 2^60 + 2^36 + 1 is next to a tie of floats: by way of a double it would be rounded down to 2^60.
  constexpr std::int64_t near_tie = (std::int64_t{1} << 60) + (std::int64_t{1} << 36) + 1;
  put(path, npy(header("<i8", "False", "(1,)"), numbers(std::vector<std::int64_t>{near_tie})));
  CHECK(sf::read_npy<float>(path)(0, 0) == 0x1.000002p60f);
  CHECK(sf::read_npy<double>(path)(0, 0) == 0x1.000001p60);
}

TEST_CASE("a sample of several axes has its last axis fastest, in whatever order it is stored", "[io]") {
  const Folder folder("npy_axes");
  const auto path = folder.path / "a.npy";
  // The number at [j, y, x, c] is 1000 j + 100 y + 10 x + c.
  std::vector<float> c_order, fortran_order;
  for (int j = 0; j < 2; ++j)
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 4; ++x)
        for (int c = 0; c < 5; ++c) c_order.push_back(static_cast<float>(1000 * j + 100 * y + 10 * x + c));
  for (int c = 0; c < 5; ++c)
    for (int x = 0; x < 4; ++x)
      for (int y = 0; y < 3; ++y)
        for (int j = 0; j < 2; ++j) fortran_order.push_back(static_cast<float>(1000 * j + 100 * y + 10 * x + c));
  put(path, npy(header("<f4", "False", "(2, 3, 4, 5)"), numbers(c_order)));
  const auto samples = sf::read_npy<float>(path);
  REQUIRE(samples.rows() == 60);
  REQUIRE(samples.cols() == 2);
  CHECK(samples(0, 1) == 1000);
  CHECK(samples(1, 0) == 1);
  CHECK(samples(59, 1) == 1234);
  put(path, npy(header("<f4", "True", "(2, 3, 4, 5)"), numbers(fortran_order)));
  CHECK(sf::read_npy<float>(path) == samples);
}

TEST_CASE("an array file at fault is refused, and said why", "[io]") {
  const Folder folder("npy_faults");
  const auto path = folder.path / "a.npy";
  const auto refusal = [&](const std::string& bytes) {
    put(path, bytes);
    std::string message;
    try {
      sf::read_npy<float>(path);
    } catch (const sf::FileError& error) {
      message = error.what();
    }
    return message;
  };
  const auto six = numbers(std::vector<float>(6));
  const auto good = npy(header("<f4", "False", "(3, 2)"), six);
  CHECK(refusal(good).empty());

  const std::string no_array = "expected a NumPy array in " + path.string();
  CHECK_THAT(refusal(""), contains(no_array));
  CHECK_THAT(refusal("\x93NUMPY"), contains(no_array));
  CHECK_THAT(refusal("PK\x03\x04 an .npz file, say"), contains(no_array));
  for (const char version : {'\0', '\4'})
    CHECK_THAT(refusal("\x93NUMPY" + std::string{version, 0} + good.substr(8)),
               contains("expected format version 1.0, 2.0 or 3.0"));
  CHECK_THAT(refusal("\x93NUMPY\x01\x01" + good.substr(8)), contains("got 1.1"));
  CHECK_THAT(refusal(good.substr(0, 9)), contains("expected 2 bytes more"));
  CHECK_THAT(refusal(good.substr(0, 30)), contains("a header of 63 bytes in " + path.string() + ", got 20"));
  CHECK_THAT(refusal("\x93NUMPY" + std::string{2, 0} + "\xFF\xFF\xFF\xFF{}"),
             contains("expected a header of 4294967295 bytes"));

  for (const std::string text : {"",
                                 "{",
                                 "{}",
                                 "[]",
                                 "nonsense",
                                 "{'descr': '<f4', 'fortran_order': False}",
                                 "{'descr': '<f4', 'shape': (3, 2)}",
                                 "{'fortran_order': False, 'shape': (3, 2)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)",
                                 "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}",
                                 "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), 'more': 1}",
                                 "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3, 2)}",
                                 "{'descr': '<f4, 'fortran_order': False, 'shape': (3, 2)}",
                                 "{'descr' '<f4', 'fortran_order': False}",
                                 "{'descr': '<f4' 'fortran_order': False, 'shape': (3, 2)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)} 1",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3, -2)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3 2)}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': [3, 2]}",
                                 "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 99999999999999999999)}"}) {
    CAPTURE(text);
    CHECK_THAT(refusal(npy(text, six)), contains("expected a header with descr, fortran_order and shape"));
  }
  for (const std::string type :
       {"<f2", "<f16", "<c8", "f4", "=f4", "|f4", "|i2", "<i3", "<i0", "<u16", "<b2", "<U4", "|S1", "<m8", "|O", ""})
    CHECK_THAT(refusal(npy(header(type, "False", "(3, 2)"), six)),
               contains("'<i8', '|u1', '|b1' and the like) in " + path.string() + ", got '" + type + "'"));
  CHECK_THAT(refusal(npy(header("<i2", "False", "(3, 2)"), six)), contains("expected 12 bytes of numbers"));
  CHECK_THAT(refusal(npy(header("<f4", "False", "()"), numbers(std::vector<float>(1)))),
             contains("expected at least one axis"));
  std::string axes(2 * 63, ' ');
  for (std::size_t i = 0; i < axes.size(); i += 2) axes.replace(i, 2, "1,");
  CHECK(refusal(npy(header("<f4", "True", "(6," + axes + ")"), six)).empty());
  CHECK_THAT(refusal(npy(header("<f4", "True", "(6,1," + axes + ")"), six)),
             contains("expected at most 64 axes in " + path.string() + ", got 65"));

  CHECK_THAT(refusal(good.substr(0, good.size() - 1)),
             contains("expected 24 bytes of numbers for the shape (3, 2) in " + path.string() + ", got 23"));
  CHECK_THAT(refusal(good + "x"), contains("got 25"));
  CHECK_THAT(refusal(npy(header("<f8", "False", "(3, 2)"), six)), contains("expected 48 bytes of numbers"));
  // Before memory is asked for, and where the product is more than an integer holds.
  CHECK_THAT(refusal(npy(header("<f4", "False", "(1000000000000, 1000)"), six)),
             contains("expected 4000000000000000 bytes"));
  for (const std::string shape : {"(4294967296, 4294967296)", "(4611686018427387904, 4)", "(9223372036854775807,)",
                                  "(0, 4294967296, 4294967296)"})
    CHECK_THAT(refusal(npy(header("<f4", "False", shape), six)),
               contains("expected more bytes of numbers for the shape " + shape));
  CHECK_THAT(refusal(npy(header("<f4", "False", "(0, 4294967296, 4294967296)"), "")), contains("expected more bytes"));
}

TEST_CASE("an array file that cannot be opened is reported with path and reason", "[io]") {
  const Folder folder("npy_missing");
  const auto path = folder.path / "a.npy";
  CHECK_THROWS_AS(sf::read_npy<float>(path), sf::FileError);
  CHECK_THROWS_WITH(sf::read_npy<float>(path), contains("read_npy: expected to read " + path.string()));
  CHECK_THROWS_WITH(sf::read_npy<float>(path), contains("No such file or directory"));
  CHECK_THROWS_WITH(sf::read_npy<float>(folder.path), contains("expected to read " + folder.path.string()));
}
