/// Fuzzes the command line of the example mnist, whose options are of every kind, up to where it would train: lines are
/// words, and the first 16 bytes are what a run to be resumed has kept.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "../../examples/mnist/options.hpp"
#include "target.hpp"

namespace sf = scorefield;

namespace {

/// What the program does with its options before it trains.
void try_options(const std::vector<const char*>& words, const mnist::KeptOptions& kept) {
  constexpr sf::Index images = 60'000;
  const auto options = mnist::read_options(static_cast<int>(words.size()), words.data(), nullptr);
  if (!options) return;
  const auto batch = options->batch.value_or(64);
  if (options->epochs)
    sf::fuzz::require(mnist::steps_of(*options->epochs, sf::Chunks{images, batch}.pieces()) >= 1, "a run has steps");
  if (options->resume) mnist::check_resumable(*options, kept, sf::Chunks{images, kept.batch_size}.pieces());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  return std::freopen("/dev/null", "w", stdout) ? 0 : 1;  // the help text
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mnist::KeptOptions kept{};
  constexpr std::size_t numbers = sizeof kept.batch_size + sizeof kept.steps;
  if (size < numbers) return 0;
  std::memcpy(&kept.batch_size, data, sizeof kept.batch_size);
  std::memcpy(&kept.steps, data + sizeof kept.batch_size, sizeof kept.steps);
  if (kept.batch_size < 1 || kept.steps < 0) return 0;  // no run is kept with them
  std::string line(data + numbers, data + size);
  std::vector<const char*> words{"mnist"};
  for (std::size_t begin = 0; begin < line.size();) {
    const auto end = std::min(line.find('\n', begin), line.size());
    if (end < line.size()) line[end] = '\0';
    words.push_back(line.data() + begin);
    begin = end + 1;
  }
  try {
    sf::fuzz::Limits::keep(64 * 1024 + 64 * size, [&] { try_options(words, kept); });
  } catch (const examples::UsageError&) {
  }
  return 0;
}
