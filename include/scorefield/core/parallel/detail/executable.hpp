/// The program that runs, told from others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>

#include "scorefield/core/fingerprint.hpp"

namespace scorefield::detail {

/// A fingerprint of the file of this program; 0 on systems that do not say which it is. Linux does.
inline std::uint64_t executable_fingerprint() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  if (!file) return 0;
  Fingerprint of;
  char bytes[4096];
  for (file.read(bytes, sizeof(bytes)); file.gcount() > 0; file.read(bytes, sizeof(bytes))) {
    const auto count = static_cast<std::size_t>(file.gcount());
    for (std::size_t first = 0; first < count; first += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + first, std::min(sizeof(word), count - first));
      of.add(word);
    }
  }
  return of.value();
}

}  // namespace scorefield::detail
