/// What bad input meets at the boundary: an exception that says where, what was expected, what came, what to do.
#pragma once

#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>

namespace scorefield {

/// Base of everything the library throws.
class Error : public std::runtime_error {
 public:
  /// Reads "<operation>: expected <expected>, got <got>; <hint>".
  Error(const std::string& operation, const std::string& expected, const std::string& got, const std::string& hint)
      : std::runtime_error(operation + ": expected " + expected + ", got " + got + "; " + hint) {}
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

/// Streamable values as one string: text("3 x ", n). Throws std::bad_alloc.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream stream;
  stream.imbue(std::locale::classic());      // a program's own locale may group digits
  stream.exceptions(std::ios_base::badbit);  // a stream without memory would leave out the rest and say nothing
  (stream << ... << parts);
  return stream.str();
}

}  // namespace scorefield
