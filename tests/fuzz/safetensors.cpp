/// Fuzzes read_safetensors, and what finds a network and a run among the tensors.
#include "scorefield/file/safetensors.hpp"

#include <cstddef>
#include <cstdint>

#include "scorefield/file/model_file.hpp"
#include "scorefield/file/training_state.hpp"

#include "run.hpp"
#include "target.hpp"

namespace sf = scorefield;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sf::fuzz::MemoryFile file;
  static const auto layout = sf::fuzz::small_layout();
  file.hold({data, size});
  // Two characters of JSON become 16 bytes in a list that grows by doubling, and five a node of a map.
  const std::size_t most = 64 * 1024 + 64 * size;
  const auto tensors = sf::fuzz::read_or_refuse(most, [] { return sf::read_safetensors(file.path()); });
  if (!tensors) return 0;
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : tensors->all()) bytes += tensor.bytes.size();
  sf::fuzz::require(bytes <= size, "every number is in the file");
  try {
    sf::read_parameters<float>(*tensors, "parameters.", layout);
    const auto state = sf::read_training_state<float>(*tensors, layout);
    sf::fuzz::require(state.parameters.size() == layout.size(), "a run has the network's parameters");
  } catch (const sf::InvalidArgument&) {
  }
  return 0;
}
