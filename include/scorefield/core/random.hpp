/// Counter-based random numbers, normal and uniform: each is a pure function of (seed, purpose, sample, step). No state
/// is passed around, so a number does not depend on batch size, threads, or what was drawn before it.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <limits>
#include <string_view>

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/detail/box_muller.hpp"
#include "scorefield/core/detail/philox.hpp"
#include "scorefield/core/types.hpp"

namespace scorefield {

/// The samples, and the steps, that the random numbers of a seed tell apart. Counters have 64 bits whatever Index has.
inline constexpr std::int64_t most_samples = std::int64_t{1} << 48, most_steps = most_samples;
/// The most steps that a run of training or sampling can have: each has random numbers of its own and an Index.
inline constexpr auto most_steps_of_a_run =
    static_cast<Index>(std::min<std::int64_t>(most_steps, std::numeric_limits<Index>::max()));

/// The random numbers of one seed for one purpose. Draws for different purposes, such as "prior" and "training noise",
/// are independent.
class Random {
 public:
  Random(Seed seed, std::string_view purpose) : key_(mix(seed.value ^ mix(hash(purpose)))) {}

  /// 128 random bits; sample in [0, most_samples), step in [0, most_steps), and `block`, which counts the blocks within
  /// one (sample, step), in [0, 2^32).
  std::array<std::uint32_t, 4> bits(std::int64_t sample, std::int64_t step, std::int64_t block = 0) const {
    assert(sample >= 0 && sample < most_samples && step >= 0 && step < most_steps && block >> 32 == 0);
    return philox4x32_10(counter(sample, step, block), key_);
  }

  /// A whole number in [0, count), count in [1, 2^32]; each equally likely within 2^-32.
  Index below(std::int64_t count, std::int64_t sample, std::int64_t step) const {
    return static_cast<Index>(bits(sample, step)[0] * static_cast<std::uint64_t>(count) >> 32);
  }

  /// Fills column j of `out` (d x n) with the standard normals of sample first_sample + j at `step`.
  template <Real Scalar>
  void normal(MatrixView<Scalar> out, std::int64_t first_sample, std::int64_t step) const {
    using Bits = typename detail::RandomBits<Scalar>::Bits;
    fill(out, first_sample, step, [](const Bits(*bits)[lanes], Scalar(*values)[lanes], int count) {
      for (int k = 0; k < count; k += 2)
        detail::box_muller<Scalar, lanes>(bits[k], bits[k + 1], values[k], values[k + 1]);
    });
  }

  /// Fills column j of `out` (d x n) with the uniform numbers in (0, 1] of sample first_sample + j at `step`.
  template <Real Scalar>
  void uniform(MatrixView<Scalar> out, std::int64_t first_sample, std::int64_t step) const {
    using Bits = typename detail::RandomBits<Scalar>::Bits;
    fill(out, first_sample, step, [](const Bits(*bits)[lanes], Scalar(*values)[lanes], int count) {
      for (int k = 0; k < count; ++k)
        for (std::size_t l = 0; l < lanes; ++l) values[k][l] = detail::RandomBits<Scalar>::unit(bits[k][l]);
    });
  }

 private:
  static constexpr std::size_t lanes = 16;

  /// FNV-1a.
  static constexpr std::uint64_t hash(std::string_view text) {
    std::uint64_t h = 0xCBF29CE484222325u;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    return h;
  }

  /// The finaliser of SplitMix64: spreads neighbouring seeds over all keys.
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }

  /// 32 bits of block, 48 of sample, 48 of step.
  static std::array<std::uint32_t, 4> counter(std::int64_t sample, std::int64_t step, std::int64_t block) {
    return {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(step),
            static_cast<std::uint32_t>(sample >> 32) << 16 | static_cast<std::uint32_t>(step >> 32)};
  }

  static void set_counter(PhiloxBlocks<lanes>& blocks, Index lane, std::int64_t sample, std::int64_t step,
                          std::int64_t block) {
    const auto c = counter(sample, step, block);
    for (std::size_t w = 0; w < 4; ++w) blocks.words[w][lane] = c[w];
  }

  /// Cuts each column of `out` into what one block of bits can fill, and transforms `lanes` blocks at a time.
  template <Real Scalar, class Transform>
  void fill(MatrixView<Scalar> out, std::int64_t first_sample, std::int64_t step, const Transform& transform) const {
    assert(first_sample >= 0 && first_sample <= most_samples - out.cols() && step >= 0 && step < most_steps);
    using Bits = typename detail::RandomBits<Scalar>::Bits;
    constexpr int per_block = 16 / sizeof(Scalar);
    const Index blocks_a_column = (out.rows() + per_block - 1) / per_block;
    // A column takes no more pairs of a block than it has rows for.
    const int used_of_block = static_cast<int>(std::min<Index>(per_block, out.rows() + out.rows() % 2));
    const Chunks groups{blocks_a_column * out.cols(), lanes};
    PhiloxBlocks<lanes> blocks;
    alignas(64) Bits bits[per_block][lanes];
    alignas(64) Scalar values[per_block][lanes];
    // Only the last group is not full; its spare lanes hold what the one before left, or zeros, and go nowhere.
    for (auto& words : blocks.words) std::fill_n(words, lanes, 0u);

    Index column = 0, block = 0;
    for (Index group = 0; group < groups.pieces(); ++group) {
      const Index used = groups.length(group);
      const Index first_column = column, first_block = block;
      if (blocks_a_column == 1) {  // what compilers vectorise
        for (Index l = 0; l < static_cast<Index>(lanes); ++l)
          set_counter(blocks, l, first_sample + column + l, step, 0);
        column += used;
      } else {
        for (Index l = 0; l < used; ++l) {
          set_counter(blocks, l, first_sample + column, step, block);
          if (++block == blocks_a_column) block = 0, ++column;
        }
      }
      philox4x32_10(blocks, key_);
      join(blocks, bits);
      transform(bits, values, used_of_block);
      column = first_column, block = first_block;
      for (Index l = 0; l < used; ++l) {
        const Index row = block * per_block;
        const Index count = std::min<Index>(per_block, out.rows() - row);
        for (Index k = 0; k < count; ++k) out(row + k, column) = values[k][l];
        if (++block == blocks_a_column) block = 0, ++column;
      }
    }
  }

  static void join(const PhiloxBlocks<lanes>& blocks, std::uint32_t (*bits)[lanes]) {
    for (std::size_t k = 0; k < 4; ++k)
      for (std::size_t l = 0; l < lanes; ++l) bits[k][l] = blocks.words[k][l];
  }
  static void join(const PhiloxBlocks<lanes>& blocks, std::uint64_t (*bits)[lanes]) {
    for (std::size_t k = 0; k < 2; ++k)
      for (std::size_t l = 0; l < lanes; ++l)
        bits[k][l] = std::uint64_t{blocks.words[2 * k + 1][l]} << 32 | blocks.words[2 * k][l];
  }

  std::uint64_t key_;
};

}  // namespace scorefield
