/// What the user asks for.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <scorefield/scorefield.hpp>
#include <string>

#include "../arguments.hpp"

namespace bits_per_dimension {

namespace sf = scorefield;

struct Options {
  std::string data, output = "bits_per_dimension";  // data: empty where not given
  std::optional<double> minutes;
  std::optional<sf::Index> steps;
  sf::Index digits = 200, probes = 4;
  std::uint64_t seed = 0;
  int threads = 0;
};

/// Nothing when help was asked for, which is then printed. Throws UsageError for what cannot be used.
inline std::optional<Options> read_options(int argc, const char* const* argv) {
  Options options;
  examples::Arguments arguments;
  arguments.word("data", options.data, "DIR", "folder of MNIST (default: digits that are drawn)");
  arguments.number("minutes", options.minutes, "to train, by the speed of the first steps (default 5)");
  arguments.number("steps", options.steps, "training steps, in place of minutes");
  arguments.number("digits", options.digits, "held-out digits to be coded (default 200)");
  arguments.number("probes", options.probes, "of each digit's log density (default 4)");
  arguments.number("seed", options.seed, "of weights, training and noise (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", options.output, "DIR", "folder for the results (default bits_per_dimension)");
  if (!arguments.read(argc, argv)) {
    std::printf(
        "Learns the density of handwritten digits, and tells in how many bits a pixel it codes others.\n\n"
        "usage: bits_per_dimension [options]\n\n%s",
        arguments.help().c_str());
    return {};
  }
  examples::check_length(options.minutes, options.steps);
  if (options.probes < 2 || options.probes > 1000)
    throw examples::UsageError(sf::text("--probes: expected 2 to 1000, got ", options.probes));
  if (options.digits < 2) throw examples::UsageError(sf::text("--digits: expected 2 or more, got ", options.digits));
  return options;
}

}  // namespace bits_per_dimension
