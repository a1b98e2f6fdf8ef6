/// Named arrays of numbers: what a model file holds.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/detail/byte_order.hpp"
#include "scorefield/file/detail/shape.hpp"

namespace scorefield {

/// Numbers in C order: the last axis varies fastest.
struct Tensor {
  std::string type;              ///< as the safetensors format names it: "F32", "F64", "I64", "U8", ...
  std::vector<Index> shape;      ///< without axes: one number
  std::vector<std::byte> bytes;  ///< of the numbers, little-endian
};

/// The numbers of C++ that a tensor holds: floats, and integers of 1 to 8 bytes.
template <class T>
concept TensorScalar = Real<T> ||(std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>);

namespace detail {

struct TensorType {
  std::string_view name;
  std::size_t number_size;  // bytes
};

inline constexpr TensorType tensor_types[] = {
    {"BOOL", 1}, {"U8", 1},          {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E8M0", 1}, {"F8_E4M3FNUZ", 1},
    {"I16", 2},  {"F8_E5M2FNUZ", 1}, {"U16", 2}, {"F16", 2},     {"BF16", 2},    {"I32", 4},     {"U32", 4},
    {"F32", 4},  {"C64", 8},         {"F64", 8}, {"I64", 8},     {"U64", 8},
};

/// The bytes of one number, or 0 for a type that is not known.
inline std::size_t number_size(std::string_view type) {
  const auto* found = std::ranges::find(tensor_types, type, &TensorType::name);
  return found == std::end(tensor_types) ? 0 : found->number_size;
}

template <TensorScalar T>
std::string tensor_type() {
  return text(std::floating_point<T> ? 'F' : std::is_signed_v<T> ? 'I' : 'U', 8 * sizeof(T));
}

}  // namespace detail

/// Tensors by name, and what there is to say about them.
class Tensors {
 public:
  /// About the file as a whole, in UTF-8; metadata is no place for numbers that have to come back exactly.
  std::map<std::string, std::string> metadata;

  const std::map<std::string, Tensor>& all() const { return tensors_; }

  /// name: in UTF-8. Throws InvalidArgument when there is one of that name already, the type is not known, or the bytes
  /// are not those of the shape.
  void add(const std::string& name, Tensor tensor) {
    if (name == "__metadata__" || tensors_.contains(name))
      throw InvalidArgument("Tensors::add", "a name of its own for each tensor", text('"', name, "\" once more"),
                            "\"__metadata__\" is taken too, by the file format");
    const auto size = static_cast<Index>(detail::number_size(tensor.type));
    if (size == 0)
      throw InvalidArgument("Tensors::add", text("a type as \"F32\" for tensor \"", name, '"'),
                            text('"', tensor.type, '"'), "see the names that the safetensors format has");
    const auto bytes = detail::checked_product(tensor.shape, size);
    if (!bytes || static_cast<std::size_t>(*bytes) != tensor.bytes.size())
      throw InvalidArgument(
          "Tensors::add",
          text("as many numbers in tensor \"", name, "\" as its shape ", detail::shape_text(tensor.shape), " says"),
          text(tensor.bytes.size() / static_cast<std::size_t>(size)), "pass the shape of the values");
    tensors_.emplace(name, std::move(tensor));
  }

  /// Any Eigen vector, matrix or expression of `TensorScalar`s, of which the columns come one after the other: an r x c
  /// matrix is a tensor of shape (c, r). Throws as above.
  template <class Derived>
  requires TensorScalar<typename Derived::Scalar>
  void add(const std::string& name, std::vector<Index> shape, const Eigen::MatrixBase<Derived>& values) {
    using T = typename Derived::Scalar;
    const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor> numbers = values;
    std::vector<std::byte> bytes(static_cast<std::size_t>(numbers.size()) * sizeof(T));
    if (!bytes.empty()) std::memcpy(bytes.data(), numbers.data(), bytes.size());
    detail::convert_order(bytes, sizeof(T), std::endian::little);
    add(name, Tensor{detail::tensor_type<T>(), std::move(shape), std::move(bytes)});
  }

  /// The numbers of a tensor in their order. Throws InvalidArgument when there is none of that name, or one of another
  /// type or shape.
  template <TensorScalar T>
  Eigen::Matrix<T, Eigen::Dynamic, 1> get(const std::string& name, const std::vector<Index>& shape) const {
    const std::string type = detail::tensor_type<T>();
    const auto found = tensors_.find(name);
    if (found == tensors_.end() || found->second.type != type || found->second.shape != shape)
      throw InvalidArgument(
          "Tensors::get", text("tensor \"", name, "\" of type ", type, " and shape ", detail::shape_text(shape)),
          found == tensors_.end() ? "none of that name"
                                  : text(found->second.type, ' ', detail::shape_text(found->second.shape)),
          "read what was written: the same names, scalars and sizes");
    auto bytes = found->second.bytes;
    detail::convert_order(bytes, sizeof(T), std::endian::little);
    Eigen::Matrix<T, Eigen::Dynamic, 1> numbers(static_cast<Index>(bytes.size() / sizeof(T)));
    if (!bytes.empty()) std::memcpy(numbers.data(), bytes.data(), bytes.size());
    return numbers;
  }

 private:
  std::map<std::string, Tensor> tensors_;
};

}  // namespace scorefield
