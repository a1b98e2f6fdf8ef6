/// What the user asks for.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <scorefield/scorefield.hpp>
#include <string>

#include "../arguments.hpp"

namespace inpaint {

namespace sf = scorefield;

struct Options {
  std::string load, data, output = "inpaint";  // data: empty where not given
  sf::Index completions = 0, sampler_steps = 30, iterations = 4;
  std::uint64_t seed = 0;
  int threads = 0;
};

/// Nothing when help was asked for, which is then printed. Throws UsageError for what cannot be used.
inline std::optional<Options> read_options(int argc, const char* const* argv) {
  Options options;
  examples::Arguments arguments;
  arguments.word("load", options.load, "FILE", "the model.safetensors that the program mnist leaves");
  arguments.word("data", options.data, "DIR", "folder of MNIST, whose last digits it restores (default: drawn ones)");
  arguments.number("completions", options.completions,
                   "digits besides, each completed and deblurred, for truth, completed and deblurred.npy (default 0)");
  arguments.number("sampler-steps", options.sampler_steps, "evaluations of the posterior's denoiser (default 30)");
  arguments.number("iterations", options.iterations, "of conjugate residuals in each of them (default 4)");
  arguments.number("seed", options.seed, "of noise and samples (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", options.output, "DIR", "folder for the results (default inpaint)");
  if (!arguments.read(argc, argv)) {
    std::printf("Completes halves of digits, and restores blurred and noisy ones.\n\nusage: inpaint [options]\n\n%s",
                arguments.help().c_str());
    return {};
  }
  const auto refuse = [](bool wrong, const std::string& complaint) {
    if (wrong) throw examples::UsageError(complaint);
  };
  refuse(options.load.empty(), "--load: expected a model of digits; the program mnist trains one");
  refuse(options.completions < 0, sf::text("--completions: expected 0 or more, got ", options.completions));
  return options;
}

}  // namespace inpaint
