/// Fingerprints: hashes that tell numbers apart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "scorefield/core/types.hpp"

namespace scorefield {

/// A hash of words and matrices, of their shapes and all of their bits. In the manner of FNV-1a, eight bytes at a time,
/// with a shift that lets their upper bits count for the lower ones of the hash.
class Fingerprint {
 public:
  void add(std::uint64_t word) {
    hash_ = (hash_ ^ word) * 0x9E3779B97F4A7C15u;
    hash_ ^= hash_ >> 32;
  }

  template <class Derived>
  void add(const Eigen::PlainObjectBase<Derived>& matrix) {
    add(static_cast<std::uint64_t>(matrix.rows()));
    add(static_cast<std::uint64_t>(matrix.cols()));
    const auto bytes = std::as_bytes(std::span(matrix.data(), static_cast<std::size_t>(matrix.size())));
    for (std::size_t first = 0; first < bytes.size(); first += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes.data() + first, std::min(sizeof(word), bytes.size() - first));
      add(word);
    }
  }

  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325u;
};

}  // namespace scorefield
