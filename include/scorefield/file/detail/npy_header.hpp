/// The header of a NumPy array (.npy): shape, type and order of the numbers that follow.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/input_file.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/detail/shape.hpp"

namespace scorefield::detail {

/// How numbers are stored: what NumPy calls their dtype.
struct NpyType {
  std::endian order;
  char kind;         // 'f' for floats, 'i' and 'u' for integers with and without a sign, 'b' for bools
  std::size_t size;  // bytes
};

/// n samples of d numbers.
struct NpyHeader {
  NpyType type;
  bool fortran_order;        // the first axis varies fastest, not the last
  std::vector<Index> shape;  // n, and what d is the product of
  Index n, d;
};

/// The Python dictionary in the header, as it is written there.
struct NpyDictionary {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<Index>> shape;
};

/// Takes words off the front of Python source.
class PythonReader {
 public:
  explicit PythonReader(std::string_view source) : rest_(source) { skip_space(); }

  bool done() const { return rest_.empty(); }

  bool next_is(std::string_view word) const { return rest_.starts_with(word); }

  bool take(std::string_view word) {
    if (!next_is(word)) return false;
    skip(word.size());
    return true;
  }

  std::optional<std::string> string() {
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return {};
    const auto end = rest_.find(rest_[0], 1);
    if (end == rest_.npos) return {};
    std::string inside(rest_.substr(1, end - 1));
    skip(end + 1);
    return inside;
  }

  std::optional<bool> boolean() {
    if (take("True")) return true;
    if (take("False")) return false;
    return {};
  }

  /// A tuple of integers from 0 on.
  std::optional<std::vector<Index>> sizes() {
    if (!take("(")) return {};
    std::vector<Index> all;
    while (!take(")")) {
      Index size = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc{} || size < 0) return {};
      skip(static_cast<std::size_t>(end - rest_.data()));
      all.push_back(size);
      if (!take(",") && !next_is(")")) return {};
    }
    return all;
  }

 private:
  void skip(std::size_t characters) {
    rest_.remove_prefix(characters);
    skip_space();
  }
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size())); }

  std::string_view rest_;
};

/// Nothing unless each of the three keys is there once, with a value of its kind, and nothing else.
inline std::optional<NpyDictionary> npy_dictionary(std::string_view source) {
  PythonReader reader(source);
  NpyDictionary found;
  const auto take_value = [&reader](auto& value, auto read) {
    if (value) return false;
    value = (reader.*read)();
    return value.has_value();
  };
  if (!reader.take("{")) return {};
  while (!reader.take("}")) {
    const auto key = reader.string();
    if (!key || !reader.take(":")) return {};
    const bool taken = *key == "descr"           ? take_value(found.descr, &PythonReader::string)
                       : *key == "fortran_order" ? take_value(found.fortran_order, &PythonReader::boolean)
                       : *key == "shape"         ? take_value(found.shape, &PythonReader::sizes)
                                                 : false;
    if (!taken || (!reader.take(",") && !reader.next_is("}"))) return {};
  }
  if (!reader.done() || !found.descr || !found.fortran_order || !found.shape) return {};
  return found;
}

/// Reads a type such as "<f4" or "|u1": byte order, kind and size. Nothing unless it is a float of 4 or 8 bytes, an
/// integer of 1, 2, 4 or 8, or a bool. Of one byte the order does not matter, and NumPy writes a '|' there.
inline std::optional<NpyType> npy_type(std::string_view name) {
  if (name.size() != 3) return {};
  const char order = name[0], kind = name[1], digit = name[2];
  const std::string_view sizes = kind == 'f' ? "48" : kind == 'i' || kind == 'u' ? "1248" : kind == 'b' ? "1" : "";
  if (sizes.find(digit) == sizes.npos) return {};
  if (order != '<' && order != '>' && !(order == '|' && digit == '1')) return {};
  return NpyType{order == '>' ? std::endian::big : std::endian::little, kind, static_cast<std::size_t>(digit - '0')};
}

/// Reads up to the first number, and makes sure that the file holds the numbers that the header speaks of.
inline NpyHeader read_npy_header(InputFile& file) {
  constexpr std::string_view magic = "\x93NUMPY";
  std::array<char, 8> start{};
  if (file.left() >= start.size()) file.read(start.data(), start.size());
  if (std::string_view(start.data(), magic.size()) != magic)
    file.fail("a NumPy array", "a file that does not start like one", "write it with numpy.save");
  const int major = static_cast<unsigned char>(start[6]), minor = static_cast<unsigned char>(start[7]);
  if (major < 1 || major > 3 || minor != 0)
    file.fail("format version 1.0, 2.0 or 3.0", text(major, '.', minor), "write it with numpy.save");

  std::array<unsigned char, 4> digits{};
  file.read(digits.data(), major == 1 ? 2 : 4);
  std::size_t length = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) length |= std::size_t{digits[i]} << 8 * i;
  if (length > file.left())
    file.fail(text("a header of ", length, " bytes"), text(file.left()), "the file was cut off; write it again");
  std::string source(length, ' ');
  file.read(source.data(), length);

  const auto dictionary = npy_dictionary(source);
  if (!dictionary)
    file.fail("a header with descr, fortran_order and shape of plain numbers",
              source.substr(0, std::min(source.find_last_not_of(" \n") + 1, std::size_t{200})),
              "write it with numpy.save");
  const auto type = npy_type(*dictionary->descr);
  if (!type)
    file.fail("floats of 4 or 8 bytes, integers of 1 to 8 or bools ('<f4', '>f8', '<i8', '|u1', '|b1' and the like)",
              "'" + *dictionary->descr + "'", "convert the array with astype('float32')");

  const auto& shape = *dictionary->shape;
  if (shape.empty()) file.fail("at least one axis", "none", "save one sample d as an array of shape (1, d)");
  constexpr std::size_t most_axes = 64;  // of NumPy, and time in Fortran order goes with axes times numbers
  if (shape.size() > most_axes)
    file.fail(text("at most ", most_axes, " axes"), text(shape.size()), "write it with numpy.save");
  const auto d = checked_product(std::span(shape).subspan(1));
  const auto bytes = checked_product(shape, static_cast<Index>(type->size));
  if (!d || !bytes || static_cast<std::uintmax_t>(*bytes) != file.left())
    file.fail(text(d && bytes ? text(*bytes) : "more", " bytes of numbers for the shape ", shape_text(shape)),
              text(file.left()), "the file was cut off or changed; write it again");
  return {*type, *dictionary->fortran_order, shape, shape[0], *d};
}

}  // namespace scorefield::detail
