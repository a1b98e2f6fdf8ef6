/// Exceptions that bad input meets at the boundary: they say where, what was expected, what came, what to do.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace scorefield {

namespace detail {

inline void append(std::string& all, std::string_view characters) { all += characters; }
inline void append(std::string& all, char character) { all += character; }
void append(std::string& all, std::integral auto number) { all += std::to_string(number); }
inline void append(std::string& all, double number) {
  if (std::isnan(number)) number = std::abs(number);  // a NaN's sign says nothing
  char buffer[32];                                    // for a sign, six digits, a point and an exponent
  all.append(buffer, std::to_chars(buffer, std::end(buffer), number, std::chars_format::general, 6).ptr);
}

}  // namespace detail

/// Strings, characters and numbers as one string, in any locale: text("3 x ", n). Of a floating-point number it has six
/// digits. Throws std::bad_alloc.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string all;
  (detail::append(all, parts), ...);
  return all;
}

/// Base of everything the library throws.
class Error : public std::runtime_error {
 public:
  /// Reads "<operation>: expected <expected>, got <got>; <hint>".
  Error(std::string_view operation, std::string_view expected, std::string_view got, std::string_view hint)
      : std::runtime_error(text(operation, ": expected ", expected, ", got ", got, "; ", hint)) {}
};

/// An argument, option or shape that the operation cannot work with.
class InvalidArgument : public Error {
  using Error::Error;
};

/// A NaN or an infinity, in the data or in a computation.
class NonFinite : public Error {
  using Error::Error;
};

/// A file that cannot be read, understood or written.
class FileError : public Error {
  using Error::Error;
};

}  // namespace scorefield
