/// MappedDataset: data larger than memory, in .npy files that are mapped into it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/fingerprint.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/training_data.hpp"
#include "scorefield/file/detail/mapped_arrays.hpp"

namespace scorefield {

/// How a MappedDataset reads its files.
struct MappedOptions {
  double scale = 1;  // what the numbers of samples are multiplied by, as 1.0 / 255 for bytes that are grey levels
  std::vector<std::filesystem::path> conditions = {};  // of as many rows as samples, taken as they are
};

/// Samples in one .npy file or in many, of which a batch reads its own rows and nothing else:
///   const MappedDataset<float> data{{"a.npy", "b.npy"}, {.scale = 1.0 / 255}};
/// takes the place of a Dataset in training, with the same bits. A file is an array (n, d), or of more axes as for
/// read_npy, in C order and the byte order of this machine, of any numbers that read_npy takes; files may be of
/// different types, not of a different d. What is fitted to data, as Units, is fitted to a subset(data, 10'000).
///
/// Ranks and threads share what the system keeps of the files in its cache, beside which a process has no more than
/// half a gigabyte of them. The files must stay as they are meanwhile; that they are made shorter ends the program.
template <Real Scalar>
class MappedDataset : public TrainingData<Scalar> {
 public:
  /// Reads the headers alone. Throws FileError, which names the file, for one that cannot be read or used, or where the
  /// system does not map files; InvalidArgument where there are no files, the scale is not finite or 0, and unless
  /// there are as many conditions as samples.
  explicit MappedDataset(const std::vector<std::filesystem::path>& files, const MappedOptions& options = {})
      : samples_("MappedDataset", files, checked(options.scale)) {
    if (options.conditions.empty()) return;
    conditions_.emplace("MappedDataset", options.conditions, Scalar(1));
    if (conditions_->cols() != size())
      throw InvalidArgument("MappedDataset", text(size(), " rows of conditions, one for each sample"),
                            text(conditions_->cols()), "pass the files of conditions that belong to the samples");
  }

  Index dimension() const override { return samples_.rows(); }
  Index size() const override { return samples_.cols(); }
  Index condition_size() const override { return conditions_ ? conditions_->rows() : 0; }

  /// Of lengths and types of the files, the scale, and some thousand rows spread over them: a change of a few other
  /// rows goes unnoticed. It is not that of the same data in memory.
  std::uint64_t fingerprint() const override {
    Fingerprint of;
    samples_.add_to(of);
    if (conditions_) conditions_->add_to(of);
    return of.value();
  }

  /// Throws NonFinite, which names file and row, where a number is not finite.
  void fetch_samples(std::span<const Index> of, MatrixView<Scalar> out) const override {
    for (Index j = 0; j < out.cols(); ++j) {
      const Index sample = of[static_cast<std::size_t>(j)];
      samples_.read(sample, out.col(j).data());
      if (!is_finite(out.col(j))) refuse(samples_, sample, out.col(j));
    }
  }

  /// Throws like the above; a row that is NaN as a whole is not given.
  void fetch_conditions(std::span<const Index> of, MatrixView<Scalar> out) const override {
    for (Index j = 0; j < out.cols(); ++j) {
      const Index sample = of[static_cast<std::size_t>(j)];
      conditions_->read(sample, out.col(j).data());
      if (!is_finite(out.col(j)) && !out.col(j).array().isNaN().all()) refuse(*conditions_, sample, out.col(j));
    }
  }

 private:
  using Arrays = detail::MappedArrays<Scalar>;

  static Scalar checked(double scale) {
    if (!std::isfinite(scale) || scale == 0)
      throw InvalidArgument("MappedDataset", "a scale that is finite and not 0", text(scale), "1.0 / 255 is usual");
    return static_cast<Scalar>(scale);
  }

  /// Several numbers at a time: the difference of a number and itself is 0, or NaN.
  template <class Column>
  static bool is_finite(const Column& column) {
    return sum_of(
               column.size(), [](const auto& a) { return subtract(a, a); }, column.data()) == 0;
  }

  template <class Column>
  [[noreturn]] static void refuse(const Arrays& arrays, Index sample, const Column& column) {
    Index at = 0;
    while (std::isfinite(column(at))) ++at;
    throw NonFinite("MappedDataset", "finite numbers",
                    text(column(at), " in column ", at, " of ", arrays.place_of(sample)),
                    "remove or repair such rows; of conditions, NaN as a whole is one that is not given");
  }

  Arrays samples_;
  std::optional<Arrays> conditions_;
};

}  // namespace scorefield
