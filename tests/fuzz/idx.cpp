/// Fuzzes the readers of IDX files with files as they are. Those that begin like a gzip stream are decompressed.
#include "idx.hpp"

#include <cstddef>
#include <cstdint>

namespace sf = scorefield;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sf::fuzz::MemoryFile file;
  file.hold({data, size});
  constexpr std::size_t most_compressed = 1032;  // by deflate, to one byte
  sf::fuzz::read_every_way(file, size > 0 && data[0] == 0x1F ? most_compressed * size : size);
  return 0;
}
