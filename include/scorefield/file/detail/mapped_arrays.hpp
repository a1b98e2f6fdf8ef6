/// Mapped .npy files, one after the other, as the columns of one matrix.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/input_file.hpp"
#include "scorefield/core/file/mapped_bytes.hpp"
#include "scorefield/core/fingerprint.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/detail/npy_header.hpp"
#include "scorefield/file/npy.hpp"

namespace scorefield::detail {

/// d x n; a row of a file is a column. Columns are read by many threads at once.
template <Real Scalar>
class MappedArrays {
 public:
  /// scale: what numbers are multiplied by. Throws InvalidArgument where there are no files, FileError for one that is
  /// no array of rows of numbers in the byte order of this machine, or of another d than the first.
  MappedArrays(const std::string& operation, const std::vector<std::filesystem::path>& paths, Scalar scale)
      : scale_(scale) {
    if (paths.empty()) throw InvalidArgument(operation, "at least one file", "none", "pass the paths of .npy files");
    for (const auto& path : paths) add(operation, path);
    if (cols_ == 0)
      throw FileError(operation, text("samples in ", paths.front().string()), "none", "pass files that have some");
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }

  /// Writes column j to `out`, of rows() numbers.
  void read(Index j, Scalar* out) const {
    const File& file = file_of(j);
    const auto at = static_cast<std::size_t>(j - file.first) * file.row_bytes;
    file.convert(file.bytes.all().subspan(at, file.row_bytes), out);
    if (scale_ != Scalar(1)) VectorView<Scalar>(out, rows_) *= scale_;
    note_reading(file.row_bytes);
  }

  /// Where column j stands: "row 5 of b.npy".
  std::string place_of(Index j) const {
    const File& file = file_of(j);
    return text("row ", j - file.first, " of ", file.path.string());
  }

  /// Adds shapes, types, the scale, and some columns from the first to the last: all of them would take a pass over the
  /// files.
  void add_to(Fingerprint& of) const {
    for (const auto& file : files_)
      for (const auto number : {static_cast<std::uint64_t>(file.bytes.all().size()),
                                static_cast<std::uint64_t>(file.type.kind), std::uint64_t{file.type.size}})
        of.add(number);
    of.add(std::bit_cast<std::uint64_t>(static_cast<double>(scale_)));
    constexpr Index most = 4096;
    const Index count = std::min(most, cols_), length = cols_ / count, longer = cols_ % count;
    Vector<Scalar> column(rows_);
    for (Index i = 0; i < count; ++i) {
      read((i + 1) * length + std::min(i + 1, longer) - 1, column.data());  // the last one of each part
      of.add(column);
    }
  }

 private:
  struct File {
    std::filesystem::path path;
    MappedBytes bytes;  // the numbers
    NpyType type;
    ToScalars<Scalar> convert;
    std::size_t row_bytes;
    Index first;  // column
  };

  /// Memory that readings since the last let_go() count for at most. The system maps up to 16 pages around one that is
  /// looked at, so what it counts as this process's stays below half a gigabyte.
  static constexpr std::size_t page = 4096, most_read = 8192 * page;

  void add(const std::string& operation, const std::filesystem::path& path) {
    InputFile input(operation, path);
    const auto header = read_npy_header(input);
    if (header.fortran_order)
      input.fail("an array in C order, a sample a row", "Fortran order", "save numpy.ascontiguousarray(array)");
    if (header.type.size > 1 && header.type.order != std::endian::native)
      input.fail("numbers in the byte order of this machine", "the other one", "convert them with astype('float32')");
    if (header.d == 0) input.fail("samples of at least one number", shape_text(header.shape), "save other columns");
    if (!files_.empty() && header.d != rows_)
      input.fail(text("samples of ", rows_, " numbers, as in ", files_.front().path.string()), text(header.d),
                 "pass files of one data set");
    rows_ = header.d;
    files_.push_back({path, input.map_rest(), header.type, to_scalars_of<Scalar>(header.type),
                      static_cast<std::size_t>(header.d) * header.type.size, cols_});
    cols_ += header.n;
  }

  const File& file_of(Index j) const { return *std::prev(std::ranges::upper_bound(files_, j, {}, &File::first)); }

  void note_reading(std::size_t bytes) const {
    if (read_.fetch_add(bytes + page, std::memory_order_relaxed) < most_read) return;
    read_.store(0, std::memory_order_relaxed);
    for (const auto& file : files_) file.bytes.let_go();
  }

  std::vector<File> files_;
  Scalar scale_;
  Index rows_ = 0, cols_ = 0;
  mutable std::atomic<std::size_t> read_{0};  // bytes, since the last let_go()
};

}  // namespace scorefield::detail
