/// Arrays that NumPy reads and writes
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/atomic_file.hpp"
#include "scorefield/core/file/input_file.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/detail/byte_order.hpp"
#include "scorefield/file/detail/npy_header.hpp"

namespace scorefield {
namespace detail {

/// Floats or integers with or without a sign. shape: of the array, as in "5, 28, 28", or "5," of one axis.
template <class Number>
void write_npy(const std::filesystem::path& path, std::span<const Number> numbers, const std::string& shape) {
  const char order = sizeof(Number) == 1 ? '|' : std::endian::native == std::endian::little ? '<' : '>';
  const char kind = std::floating_point<Number> ? 'f' : std::signed_integral<Number> ? 'i' : 'u';
  std::string dictionary =
      text("{'descr': '", order, kind, sizeof(Number), "', 'fortran_order': False, 'shape': (", shape, "), }");
  // Magic, version, and a two-byte length come before; spaces and a newline fill up to a multiple of 64.
  constexpr std::size_t preamble = 10;
  const std::size_t total = (preamble + dictionary.size() + 1 + 63) / 64 * 64;
  dictionary.resize(total - preamble - 1, ' ');
  dictionary += '\n';
  const auto length = dictionary.size();
  const unsigned char start[preamble] = {0x93,
                                         'N',
                                         'U',
                                         'M',
                                         'P',
                                         'Y',
                                         1,
                                         0,
                                         static_cast<unsigned char>(length & 0xFF),
                                         static_cast<unsigned char>(length >> 8)};

  AtomicFile file("write_npy", path);
  file.write(start, preamble);
  file.write(dictionary.data(), length);
  file.write(numbers.data(), numbers.size_bytes());
  file.commit();
}

/// axes: of one sample, as in "28, 28". Columns one after the other are rows in C order.
template <Real Scalar>
void write_npy(const std::filesystem::path& path, const Matrix<Scalar>& samples, const std::string& axes) {
  const std::span<const Scalar> numbers(samples.data(), static_cast<std::size_t>(samples.size()));
  write_npy(path, numbers, text(samples.cols(), ", ", axes));
}

/// A bool of NumPy's: 1 where the byte is anything but 0.
struct NpyBool {
  std::uint8_t byte;
  template <Real Scalar>
  explicit operator Scalar() const {
    return static_cast<Scalar>(byte != 0);
  }
};

/// Turns numbers that are stored as `Stored`, in the byte order of this machine, into Scalars.
template <class Stored, Real Scalar>
void to_scalars(std::span<const std::byte> bytes, Scalar* out) {
  for (; !bytes.empty(); bytes = bytes.subspan(sizeof(Stored))) {
    Stored number;
    std::memcpy(&number, bytes.data(), sizeof(Stored));
    *out++ = static_cast<Scalar>(number);
  }
}

template <Real Scalar>
using ToScalars = void (*)(std::span<const std::byte>, Scalar*);

/// The function that turns numbers of a type of npy_type() into Scalars.
template <Real Scalar>
ToScalars<Scalar> to_scalars_of(const NpyType& type) {
  if (type.kind == 'f') return type.size == 4 ? to_scalars<float, Scalar> : to_scalars<double, Scalar>;
  if (type.kind == 'b') return to_scalars<NpyBool, Scalar>;
  const bool has_sign = type.kind == 'i';
  switch (type.size) {
    case 1:
      return has_sign ? to_scalars<std::int8_t, Scalar> : to_scalars<std::uint8_t, Scalar>;
    case 2:
      return has_sign ? to_scalars<std::int16_t, Scalar> : to_scalars<std::uint16_t, Scalar>;
    case 4:
      return has_sign ? to_scalars<std::int32_t, Scalar> : to_scalars<std::uint32_t, Scalar>;
    default:
      return has_sign ? to_scalars<std::int64_t, Scalar> : to_scalars<std::uint64_t, Scalar>;
  }
}

/// The rows x cols numbers that follow in the file, the first column first.
template <Real Scalar>
Matrix<Scalar> read_numbers(InputFile& file, const NpyType& type, Index rows, Index cols) {
  constexpr Index most = 4096;
  const auto convert = to_scalars_of<Scalar>(type);
  Matrix<Scalar> numbers(rows, cols);
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(most, numbers.size())) * type.size);
  for (Index first = 0; first < numbers.size(); first += most) {
    const Index count = std::min(most, numbers.size() - first);
    const auto bytes = std::span(block).first(static_cast<std::size_t>(count) * type.size);
    file.read(bytes.data(), bytes.size());
    convert_order(bytes, type.size, type.order);
    convert(bytes, numbers.data() + first);
  }
  return numbers;
}

/// Where the number in row `row` of a sample, its axes in C order, stands among the d numbers of that sample in Fortran
/// order. shape: of all samples.
inline Index fortran_row(Index row, Index d, const std::vector<Index>& shape) {
  Index position = 0;
  for (std::size_t axis = shape.size() - 1; axis > 0; --axis) {
    d /= shape[axis];  // now the stride of this axis
    position += d * (row % shape[axis]);
    row /= shape[axis];
  }
  return position;
}

}  // namespace detail

/// Writes samples (d x n) as a NumPy array of shape (n, d): a row is a sample. The format is NPY 1.0, C order, 4- or
/// 8-byte floats in the byte order of this machine. Throws FileError, and then leaves what was at `path`.
template <Real Scalar>
void write_npy(const std::filesystem::path& path, const Matrix<Scalar>& samples) {
  detail::write_npy(path, samples, text(samples.rows()));
}

/// The same with any other Eigen expression of floats or doubles.
template <class Expression>
requires Real<typename Expression::Scalar> && std::derived_from<Expression, Eigen::MatrixBase<Expression>>
void write_npy(const std::filesystem::path& path, const Expression& samples) {
  write_npy(path, Matrix<typename Expression::Scalar>(samples));
}

/// The same with images as samples: an array of shape (n, height, width), or (n, height, width, channels) where there
/// is more than one channel. Throws InvalidArgument when the images are not of d numbers.
template <Real Scalar>
void write_npy(const std::filesystem::path& path, const Matrix<Scalar>& samples, const ImageShape& image) {
  detail::checked_shape("write_npy", image);
  if (samples.rows() != image.size())
    throw InvalidArgument("write_npy",
                          text("samples of ", image.height, " x ", image.width, " x ", image.channels, " numbers"),
                          text(samples.rows(), " rows"), "pass the height, width and channels that the samples have");
  const std::string plane = text(image.height, ", ", image.width);
  detail::write_npy(path, samples, image.channels == 1 ? plane : text(plane, ", ", image.channels));
}

/// Writes labels as a NumPy array of shape (n,), of integers as they are. Throws FileError, and then leaves what was at
/// `path`.
template <std::integral Label>
requires(!std::same_as<Label, bool>) void write_npy(const std::filesystem::path& path,
                                                    const std::vector<Label>& labels) {
  detail::write_npy(path, std::span(labels), text(labels.size(), ','));
}

/// Reads a NumPy array of shape (n, d), or of more axes of which all but the first are a sample's, or (n,), where d is
/// 1: the samples are the columns, d x n, and the last axis varies fastest in them. Floats of 4 or 8 bytes, integers of
/// 1 to 8 with or without a sign, and bools (0 and 1), of either byte order, in C or Fortran order, become Scalars. A
/// number that a Scalar cannot hold is rounded to the nearest, as by NumPy's astype: integers beyond 2^24 as floats,
/// beyond 2^53 as doubles. Throws FileError when the file cannot be read, holds anything else, or is not as long as it
/// should be; it is checked before memory is asked for.
template <Real Scalar>
Matrix<Scalar> read_npy(const std::filesystem::path& path) {
  InputFile file("read_npy", path);
  const auto header = detail::read_npy_header(file);
  const auto read = [&](Index rows, Index cols) { return detail::read_numbers<Scalar>(file, header.type, rows, cols); };
  if (!header.fortran_order || header.n == 0) return read(header.d, header.n);
  const auto numbers = read(header.n, header.d);
  Matrix<Scalar> samples(header.d, header.n);
  for (Index row = 0; row < header.d; ++row)
    samples.row(row) = numbers.col(detail::fortran_row(row, header.d, header.shape)).transpose();
  return samples;
}

}  // namespace scorefield
