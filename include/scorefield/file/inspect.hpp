/// inspect: what a safetensors file holds, as a table to be read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/data/units.hpp"
#include "scorefield/file/detail/metadata.hpp"
#include "scorefield/file/detail/shape.hpp"
#include "scorefield/file/safetensors.hpp"
#include "scorefield/file/tensors.hpp"

namespace scorefield {

namespace detail {

/// "-0.31 to 0.29", or nothing where there are no floating-point numbers.
inline std::string range_text(const Tensors& tensors, const std::string& name, const Tensor& tensor) {
  const auto range = [](const auto& numbers) {
    if (numbers.size() == 0) return std::string();
    if (!numbers.allFinite()) return std::string("not all finite");
    return text(numbers.minCoeff(), " to ", numbers.maxCoeff());
  };
  if (tensor.type == tensor_type<float>()) return range(tensors.get<float>(name, tensor.shape));
  if (tensor.type == tensor_type<double>()) return range(tensors.get<double>(name, tensor.shape));
  return {};
}

/// The units of a model, or nothing where there are none.
inline std::string units_text(const Tensors& tensors) {
  try {
    const auto state = units_of(tensors);
    return state.size() > 0 ? Units<double>::from_state(state).description() : std::string();
  } catch (const InvalidArgument&) {
    return {};  // something else of that name
  }
}

inline std::string padded(std::string all, std::size_t width) {
  all.resize(std::max(width, all.size() + 2), ' ');
  return all;
}

}  // namespace detail

/// A file of tensors as lines of text: what it says of itself, the units of a model, and a row for each tensor with its
/// type, shape and range. Throws FileError as read_safetensors does.
inline std::string inspect(const std::filesystem::path& path) {
  const auto tensors = read_safetensors(path);
  std::string all = path.string() + '\n';
  std::size_t longest = 0;
  for (const auto& [key, value] : tensors.metadata) longest = std::max(longest, key.size());
  for (const auto& [key, value] : tensors.metadata) all += detail::padded("  " + key, longest + 4) + value + '\n';
  all += detail::units_text(tensors);
  longest = 0;
  Index numbers = 0;
  for (const auto& [name, tensor] : tensors.all()) longest = std::max(longest, name.size());
  for (const auto& [name, tensor] : tensors.all()) {
    const auto count = static_cast<Index>(tensor.bytes.size() / detail::number_size(tensor.type));
    if (name.starts_with("network.") || name.starts_with("parameters.")) numbers += count;
    all += detail::padded("  " + name, longest + 4) + detail::padded(tensor.type, 6) +
           detail::padded(detail::shape_text(tensor.shape), 16) + detail::range_text(tensors, name, tensor);
    all.resize(all.find_last_not_of(' ') + 1);
    all += '\n';
  }
  return all + text("  ", tensors.all().size(), " tensors, ", numbers, " parameters\n");
}

}  // namespace scorefield
