/// What the user asks for.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <scorefield/scorefield.hpp>
#include <string>

#include "../arguments.hpp"

namespace density {

namespace sf = scorefield;

struct Options {
  std::string data, points, output = "density";  // data, points: empty where not given
  std::optional<double> minutes;
  std::optional<sf::Index> steps;
  double tolerance = 1e-4;
  std::uint64_t seed = 0;
  int threads = 0;
};

/// Nothing when help was asked for, which is then printed. Throws UsageError for what cannot be used.
inline std::optional<Options> read_options(int argc, const char* const* argv) {
  Options options;
  examples::Arguments arguments;
  arguments.word("data", options.data, "FILE", "points of the plane, N x 2 .npy (default: 20,000 of the Swiss roll)");
  arguments.number("minutes", options.minutes, "to train, by the speed of the first steps (default 1)");
  arguments.number("steps", options.steps, "training steps, in place of minutes");
  arguments.word("points", options.points, "FILE", "points whose log density is wanted, N x 2 .npy");
  arguments.number("tolerance", options.tolerance, "of the log densities of --points, in nats (default 1e-4)");
  arguments.number("seed", options.seed, "of data, weights and training (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", options.output, "DIR", "folder for the results (default density)");
  if (!arguments.read(argc, argv)) {
    std::printf("Learns the log density of points of the plane, and draws it.\n\nusage: density [options]\n\n%s",
                arguments.help().c_str());
    return {};
  }
  examples::check_length(options.minutes, options.steps);
  if (!(options.tolerance >= 1e-12 && options.tolerance <= 0.1))
    throw examples::UsageError(sf::text("--tolerance: expected 1e-12 to 0.1, got ", options.tolerance));
  return options;
}

}  // namespace density
