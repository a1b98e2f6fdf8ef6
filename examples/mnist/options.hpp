/// What the user asks for.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <scorefield/scorefield.hpp>
#include <string>

#include "../arguments.hpp"
#include "sampling.hpp"

namespace mnist {

struct Options {
  std::string data, network, load;  // empty: not given
  AnySampler sampler;
  std::filesystem::path output;
  std::optional<double> minutes, epochs, learning_rate;
  std::optional<sf::Index> batch;
  std::optional<int> digit;
  std::optional<double> guidance;
  std::optional<std::uint64_t> seed;
  sf::Index samples = 100;
  int threads = 0;
  bool resume = false, labels = false;

  Request request(sf::Seed of, sf::Communicator* communicator) const {
    return {samples, of, threads, digit, guidance.value_or(default_guidance), communicator};
  }
};

namespace detail {

inline void check(bool fine, const std::string& complaint) {
  if (!fine) throw examples::UsageError(complaint);
}

inline void check_ranges(const Options& options) {
  const auto positive = [](const char* name, const std::optional<double>& value) {
    check(!value || (*value > 0 && *value <= 1e9),
          sf::text("--", name, ": expected a number above 0, up to 1e9, got ", value.value_or(0)));
  };
  positive("minutes", options.minutes);
  positive("epochs", options.epochs);
  positive("learning-rate", options.learning_rate);
  check(!(options.minutes && options.epochs), "--minutes and --epochs: expected one of them, got both");
  check(!options.batch || *options.batch >= 1,
        sf::text("--batch: expected at least 1, got ", options.batch.value_or(0)));
  check(!options.digit || (*options.digit >= 0 && *options.digit < classes),
        sf::text("--digit: expected 0 to 9, got ", options.digit.value_or(0)));
  check(!options.guidance || (*options.guidance >= 0 && *options.guidance <= most_guidance),
        sf::text("--guidance: expected a number from 0 to ", most_guidance, ", got ", options.guidance.value_or(0)));
  check(options.samples >= 1 && options.samples <= 1'000'000,
        sf::text("--samples: expected 1 to 1000000, got ", options.samples));
  check(options.threads >= 0, sf::text("--threads: expected 0 (all) or more, got ", options.threads));
}

/// A model that is loaded is not trained.
inline void check_load(const Options& options) {
  if (options.load.empty()) return;
  const auto refuse = [](bool given, const char* name) {
    check(!given, sf::text("--load and --", name, ": a model that is loaded is not trained; leave one of them out"));
  };
  refuse(options.minutes.has_value(), "minutes");
  refuse(options.epochs.has_value(), "epochs");
  refuse(options.batch.has_value(), "batch");
  refuse(options.learning_rate.has_value(), "learning-rate");
  refuse(!options.network.empty(), "network");
  refuse(!options.data.empty(), "data");
  refuse(options.labels, "labels");
  refuse(options.resume, "resume");
}

}  // namespace detail

/// Refuses to ask a model that learnt no labels for a digit.
inline void check_labelled(const Options& options, bool labelled) {
  const auto refuse = [&](bool given, const char* name) {
    detail::check(labelled || !given,
                  sf::text("--", name, ": expected a model that learnt labels, got one that learnt ",
                           "none; leave it out, or train one with --labels"));
  };
  refuse(options.digit.has_value(), "digit");
  refuse(options.guidance.has_value(), "guidance");
}

/// Steps of so many epochs, whole or not.
inline sf::Index steps_of(double epochs, sf::Index steps_per_epoch) {
  return std::max<sf::Index>(1, std::llround(epochs * static_cast<double>(steps_per_epoch)));
}

/// A number of epochs that is so many steps, as short as it can be. Of more than 2^53 steps, which a double does not
/// hold, it may be a few off.
inline std::string epochs_text(sf::Index steps, sf::Index steps_per_epoch) {
  const double exact = static_cast<double>(steps) / static_cast<double>(steps_per_epoch);
  double shown = exact;
  for (double power = 10; power <= 1e17; power *= 10)
    if (const double rounded = std::round(exact * power) / power;
        rounded > 0 && steps_of(rounded, steps_per_epoch) == steps) {
      shown = rounded;
      break;
    }
  char digits[32];
  return {digits, std::to_chars(digits, std::end(digits), shown).ptr};
}

/// What a run that is kept was begun with.
struct KeptOptions {
  sf::Index batch_size;
  double learning_rate;
  std::uint64_t seed;
  sf::Index steps;  // in all
  bool labels;
};

/// Refuses options that are not those of the run to be resumed.
inline void check_resumable(const Options& options, const KeptOptions& kept, sf::Index steps_per_epoch) {
  const auto agree = [](const char* name, const auto& typed, const auto& value, bool same) {
    if (!same)
      throw examples::UsageError(sf::text("--", name, " ", *typed, ": the run to be resumed has ", value, "; leave --",
                                          name, " out, or start anew without --resume"));
  };
  agree("batch", options.batch, kept.batch_size, !options.batch || *options.batch == kept.batch_size);
  agree("learning-rate", options.learning_rate, kept.learning_rate,
        !options.learning_rate || *options.learning_rate == kept.learning_rate);
  if (options.labels && !kept.labels)
    throw examples::UsageError(
        "--labels: the run to be resumed learns none; leave it out, or start anew without --resume");
  agree("seed", options.seed, kept.seed, !options.seed || *options.seed == kept.seed);
  const auto length = epochs_text(kept.steps, steps_per_epoch) + " epochs";
  agree("minutes", options.minutes, length, !options.minutes);
  agree("epochs", options.epochs, length, !options.epochs || steps_of(*options.epochs, steps_per_epoch) == kept.steps);
}

/// Nothing when help was asked for, which is then printed, by rank 0 of those that share the work. Throws UsageError
/// for what cannot be used.
inline std::optional<Options> read_options(int argc, const char* const* argv, const sf::Communicator* communicator) {
  Options options;
  std::string output = "mnist", sampler = "dpm-solver";
  std::optional<sf::Index> sampler_steps;
  examples::Arguments arguments;
  arguments.word("data", options.data, "DIR", "folder of MNIST's train-images-idx3-ubyte, .gz or not (default: drawn)");
  arguments.word("network", options.network, "NAME", "ours (default), or tutorial: as in the tutorial, and slower");
  arguments.number("minutes", options.minutes, "to train, by the speed of the first steps (default 5)");
  arguments.number("epochs", options.epochs, "passes over the data, in place of minutes; 0.5 is half of one");
  arguments.number("batch", options.batch, "images in a training step (default 64)");
  arguments.number("learning-rate", options.learning_rate, "of the optimizer, at its highest (default: the network's)");
  arguments.flag("labels", options.labels, "learns which digit is which, so that one can be asked for");
  arguments.number("digit", options.digit, "to draw, 0 to 9, by a model that learnt labels (default: all in turn)");
  arguments.number("guidance", options.guidance,
                   "towards that digit: 1 (default) is the model itself, more is clearer and less varied");
  arguments.word("sampler", sampler, "NAME", "dpm-solver (default), ddim or euler-maruyama");
  arguments.number("sampler-steps", sampler_steps, "evaluations of the network (default 25, 100 or 300)");
  arguments.number("samples", options.samples, "digits to draw (default 100)");
  arguments.number("seed", options.seed, "of weights, training and samples (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", output, "DIR", "folder for the results (default mnist)");
  arguments.flag("resume", options.resume, "goes on with the run that was interrupted in the output folder");
  arguments.word("load", options.load, "FILE", "draws from this model.safetensors, without any training");
  if (!arguments.read(argc, argv)) {
    if (sf::is_first_rank(communicator))
      std::printf("Trains a score model on handwritten digits and draws new ones.\n\nusage: mnist [options]\n\n%s",
                  arguments.help().c_str());
    return {};
  }
  options.output = output;
  options.sampler = named_sampler(sampler, sampler_steps);
  detail::check_ranges(options);
  detail::check_load(options);
  return options;
}

}  // namespace mnist
