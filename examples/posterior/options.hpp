/// What the user asks for, and the arrays in files that are named there.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <scorefield/scorefield.hpp>
#include <string>

#include "../arguments.hpp"

namespace posterior {

namespace sf = scorefield;

/// Pairs that are looked at for the calibration alone.
inline constexpr sf::Index pairs_to_check = 300;

struct Options {
  std::filesystem::path pairs, observation, output;  // the first two empty: not given
  std::optional<double> minutes;                     // either these
  std::optional<sf::Index> steps;                    // or those
  sf::Index samples = 2000;
  std::uint64_t seed = 0;
  int threads = 0;
};

/// Nothing when help was asked for, which is then printed. Throws UsageError for what cannot be used.
inline std::optional<Options> read_options(int argc, const char* const* argv) {
  Options options;
  std::string pairs, observation, output = "posterior";
  examples::Arguments arguments;
  arguments.word("pairs", pairs, "DIR", "folder of theta.npy (N, d) and x.npy (N, k) (default: throws of a ball)");
  arguments.word("observation", observation, "FILE", "x.npy of what was seen, (1, k) (default: three of them)");
  arguments.number("samples", options.samples, "draws of the posterior (default 2000)");
  arguments.number("minutes", options.minutes,
                   "to train at most, by the speed of the first steps (default 0.5, of pairs 1.25)");
  arguments.number("steps", options.steps, "training steps, in place of minutes");
  arguments.number("seed", options.seed, "of simulations, weights, training and samples (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", output, "DIR", "folder for the results (default posterior)");
  if (!arguments.read(argc, argv)) {
    std::printf(
        "Learns p(parameters | observation) from simulations, draws from it and checks whether it is calibrated.\n\n"
        "usage: posterior [options]\n\n%s",
        arguments.help().c_str());
    return {};
  }
  options.pairs = pairs;
  options.observation = observation;
  if (!options.minutes && !options.steps) options.minutes = pairs.empty() ? 0.5 : 1.25;
  options.output = output;
  const auto check = [](bool fine, const std::string& complaint) {
    if (!fine) throw examples::UsageError(complaint);
  };
  check(options.samples >= 1 && options.samples <= 1'000'000,
        sf::text("--samples: expected 1 to 1000000, got ", options.samples));
  check(!options.steps || (*options.steps >= 1 && *options.steps <= 1'000'000'000),
        sf::text("--steps: expected 1 to 1000000000, got ", options.steps.value_or(0)));
  examples::check_length(options.minutes, options.steps);
  check(options.threads >= 0, sf::text("--threads: expected 0 (all) or more, got ", options.threads));
  return options;
}

/// An array's rows as columns. A number that is not finite is refused by its row.
inline sf::Matrix<float> read_finite(const std::filesystem::path& path) {
  auto numbers = sf::read_npy<float>(path);
  for (sf::Index j = 0; j < numbers.cols(); ++j)
    if (!numbers.col(j).allFinite())
      throw examples::UsageError(sf::text(path.string(), ": expected finite numbers, got a NaN or an infinity in row ",
                                          j, "; leave such rows out"));
  return numbers;
}

inline std::string shape(const sf::Matrix<float>& m) { return sf::text('(', m.cols(), ", ", m.rows(), ')'); }

inline sf::Dataset<float> read_pairs(const std::filesystem::path& folder) {
  const auto theta = read_finite(folder / "theta.npy"), x = read_finite(folder / "x.npy");
  constexpr sf::Index least = 2 * pairs_to_check;
  if (theta.cols() != x.cols() || theta.cols() < least || theta.rows() < 1 || x.rows() < 1)
    throw examples::UsageError(sf::text("--pairs ", folder.string(),
                                        ": expected theta.npy (N, d) and x.npy (N, k), N from ", least, " on, got ",
                                        shape(theta), " and ", shape(x)));
  return {theta, x};
}

/// k x 1.
inline sf::Matrix<float> read_observation(const std::filesystem::path& path, sf::Index k) {
  auto seen = read_finite(path);
  if (seen.rows() != k || seen.cols() != 1)
    throw examples::UsageError(sf::text("--observation ", path.string(), ": expected shape (1, ", k,
                                        "), as a row of x.npy, got ", shape(seen)));
  return seen;
}

}  // namespace posterior
