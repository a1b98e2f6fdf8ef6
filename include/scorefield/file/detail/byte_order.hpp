/// Byte order: numbers of files that were made on another kind of machine.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <span>

namespace scorefield::detail {

/// Turns numbers of `width` bytes from `order` into the byte order of this machine, or the other way round.
inline void convert_order(std::span<std::byte> bytes, std::size_t width, std::endian order) {
  if (order == std::endian::native) return;
  assert(bytes.size() % width == 0);
  for (; !bytes.empty(); bytes = bytes.subspan(width)) std::ranges::reverse(bytes.first(width));
}

}  // namespace scorefield::detail
