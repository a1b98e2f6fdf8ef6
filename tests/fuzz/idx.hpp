/// What the two targets that read IDX files have in common.
#pragma once

#include <cstddef>
#include <cstdint>

#include "scorefield/data/image/idx.hpp"

#include "target.hpp"

namespace scorefield::fuzz {

/// Reads a file in every way there is. size: how many bytes its values can be at most.
inline void read_every_way(const MemoryFile& file, std::size_t size) {
  // What zlib needs, the block that a reader takes before it knows that there are so many values, and 8 bytes for
  // each value of an image.
  const std::size_t most = (std::size_t{3} << 19) + 16 * size;
  const auto array = read_or_refuse(most, [&] { return read_idx(file.path()); });
  if (!array) return;
  Index count = 1;
  for (const Index extent : array->shape) count *= extent;
  require(static_cast<std::size_t>(count) == array->values.size(), "the shape is that of the values");
  require(array->values.size() <= size, "every value is in the file");
  const auto images = read_or_refuse(most, [&] { return read_idx_images<double>(file.path()); });
  const auto labels = read_or_refuse(most, [&] { return read_idx_labels(file.path()); });
  require(images.has_value() == (array->shape.size() == 3), "an array of rank 3 is images");
  require(labels.has_value() == (array->shape.size() == 1), "an array of rank 1 is labels");
  if (images) require(images->samples.size() == count, "every value is in an image");
  if (labels) require(labels->size() == array->values.size(), "every value is a label");
}

}  // namespace scorefield::fuzz
