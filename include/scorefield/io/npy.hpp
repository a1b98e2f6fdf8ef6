/// Arrays that NumPy reads.
#pragma once

#include <bit>
#include <filesystem>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/io/atomic_file.hpp"

namespace scorefield {

/// Writes samples (d x n) as a NumPy array of shape (n, d): a row is a sample. The format is NPY 1.0
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), C order, 4- or 8-byte floats in the byte
/// order of this machine. Throws FileError, and then leaves what was at `path`.
template <Real Scalar>
void write_npy(const std::filesystem::path& path, const Matrix<Scalar>& samples) {
  const char order = std::endian::native == std::endian::little ? '<' : '>';
  std::string dictionary = text("{'descr': '", order, 'f', sizeof(Scalar), "', 'fortran_order': False, 'shape': (",
                                samples.cols(), ", ", samples.rows(), "), }");
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
  // Columns one after the other are rows in C order.
  file.write(samples.data(), static_cast<std::size_t>(samples.size()) * sizeof(Scalar));
  file.commit();
}

}  // namespace scorefield
