/// Fuzzes read_npy, as floats and as doubles.
#include "scorefield/file/npy.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "target.hpp"

namespace sf = scorefield;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sf::fuzz::MemoryFile file;
  file.hold({data, size});
  // A size of two characters in the header becomes 8 bytes in a list that grows by doubling and is copied.
  const std::size_t most = 64 * 1024 + 32 * size;
  const auto doubles = sf::fuzz::read_or_refuse(most, [] { return sf::read_npy<double>(file.path()); });
  if (!doubles) return 0;
  const auto floats = sf::fuzz::read_or_refuse(most, [] { return sf::read_npy<float>(file.path()); });
  sf::fuzz::require(floats.has_value(), "floats are read where doubles are");
  sf::fuzz::require(doubles->rows() == floats->rows() && doubles->cols() == floats->cols(), "both have one shape");
  sf::fuzz::require(static_cast<std::size_t>(floats->size()) <= size, "every number is in the file");
  for (sf::Index i = 0; i < floats->size(); ++i) {
    const float number = floats->data()[i], rounded = static_cast<float>(doubles->data()[i]);
    // An integer of 8 bytes is rounded twice on its way through a double.
    sf::fuzz::require(
        number == rounded || std::nextafter(number, rounded) == rounded || (number != number && rounded != rounded),
        "both have the same numbers");
  }
  return 0;
}
