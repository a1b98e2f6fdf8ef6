/// Philox4x32-10, a counter-based generator: 128 random bits are a pure function of a 128-bit counter and a 64-bit key.
/// Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace scorefield {

/// `Lanes` counters side by side: word w of lane l is words[w][l]. Written so that compilers vectorise over the lanes.
template <std::size_t Lanes>
struct PhiloxBlocks {
  alignas(64) std::uint32_t words[4][Lanes];
};

/// Replaces each lane's counter by its 128 random bits. A function of its own, for g++ 12 does not vectorise the rounds
/// wherever it inlines them.
template <std::size_t Lanes>
[[gnu::noinline]] void philox4x32_10(PhiloxBlocks<Lanes>& blocks, std::uint64_t key) {
  auto low_key = static_cast<std::uint32_t>(key);
  auto high_key = static_cast<std::uint32_t>(key >> 32);
  auto& [x0, x1, x2, x3] = blocks.words;
  for (int round = 0; round < 10; ++round) {
    for (std::size_t l = 0; l < Lanes; ++l) {
      const std::uint64_t a = std::uint64_t{0xD2511F53u} * x0[l];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * x2[l];
      x0[l] = static_cast<std::uint32_t>(b >> 32) ^ x1[l] ^ low_key;
      x1[l] = static_cast<std::uint32_t>(b);
      x2[l] = static_cast<std::uint32_t>(a >> 32) ^ x3[l] ^ high_key;
      x3[l] = static_cast<std::uint32_t>(a);
    }
    low_key += 0x9E3779B9u;
    high_key += 0xBB67AE85u;
  }
}

/// The 128 random bits of one counter.
inline std::array<std::uint32_t, 4> philox4x32_10(const std::array<std::uint32_t, 4>& counter, std::uint64_t key) {
  PhiloxBlocks<1> block{{{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}}};
  philox4x32_10(block, key);
  return {block.words[0][0], block.words[1][0], block.words[2][0], block.words[3][0]};
}

}  // namespace scorefield
