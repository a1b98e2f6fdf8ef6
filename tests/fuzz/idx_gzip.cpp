/// Fuzzes the readers of IDX files with what comes out of a sound gzip stream, which chance would hardly make.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>
#include <zlib.h>

#include "idx.hpp"

namespace sf = scorefield;

namespace {

void append(std::vector<std::uint8_t>& bytes, unsigned long value, int count) {
  for (int byte = 0; byte < count; ++byte) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * byte & 0xFF));
}

/// A gzip stream of one block that is stored (RFC 1951, 1952). bytes: at most 65535.
std::vector<std::uint8_t> stored(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> stream{0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1};
  append(stream, bytes.size(), 2);
  append(stream, ~bytes.size(), 2);
  stream.insert(stream.end(), bytes.begin(), bytes.end());
  append(stream, crc32(0, bytes.data(), static_cast<unsigned>(bytes.size())), 4);
  append(stream, bytes.size(), 4);
  return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sf::fuzz::MemoryFile file;
  file.hold(stored({data, std::min(size, std::size_t{65535})}));
  sf::fuzz::read_every_way(file, size);
  return 0;
}
