/// What the user asks for.
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <scorefield/scorefield.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../arguments.hpp"

namespace table {

namespace sf = scorefield;

struct Options {
  std::filesystem::path data, load, score, output;  // empty: not given
  std::vector<std::string> conditions, ignored;
  std::map<std::string, std::string> kinds, given;  // by column
  std::optional<double> minutes;
  std::optional<sf::Index> steps, samples;
  std::uint64_t seed = 0;
  int threads = 0;
  bool complete = false;
};

namespace detail {

/// The parts between commas.
inline std::vector<std::string> listed(std::string_view typed) {
  std::vector<std::string> all;
  while (!typed.empty()) {
    const auto comma = typed.find(',');
    all.emplace_back(typed.substr(0, comma));
    typed.remove_prefix(comma == typed.npos ? typed.size() : comma + 1);
  }
  return all;
}

/// "name=value" at the first equals sign.
inline std::pair<std::string, std::string> assigned(const char* option, const char* what, const std::string& typed) {
  const auto equals = typed.find('=');
  if (equals == std::string::npos || equals == 0)
    throw examples::UsageError(sf::text("--", option, " ", typed, ": expected ", what));
  return {typed.substr(0, equals), typed.substr(equals + 1)};
}

inline void check(const Options& options) {
  const auto refuse = [](bool refused, const std::string& complaint) {
    if (refused) throw examples::UsageError(complaint);
  };
  const bool loads = !options.load.empty();
  refuse(options.data.empty() != loads, "expected one of --data, to learn from, and --load, to draw from");
  refuse(loads && !(options.conditions.empty() && options.kinds.empty() && options.ignored.empty()),
         "--load: a model that is loaded knows its columns; leave --condition and --column out");
  refuse(loads && options.complete, "--load: a model that is loaded is not trained; leave --complete out");
  refuse(loads && (options.minutes || options.steps),
         "--load: a model that is loaded is not trained; leave --minutes "
         "and --steps out");
  refuse(!loads && options.conditions.empty() && !options.given.empty(),
         "--given: there are no conditions; --condition names the columns that others are drawn given");
  examples::check_length(options.minutes, options.steps);
  refuse(options.samples && (*options.samples < 1 || *options.samples > 10'000'000),
         sf::text("--samples: expected 1 to 10000000, got ", options.samples.value_or(0)));
}

}  // namespace detail

/// Nothing when help was asked for, which is then printed. Throws UsageError for what cannot be used.
inline std::optional<Options> read_options(int argc, const char* const* argv) {
  Options options;
  std::string data, load, score, output = "table";
  examples::Arguments arguments;
  arguments.word("data", data, "FILE", "a .csv whose first line has names, or a .npy of numbers, a record a row");
  arguments.words("condition", "COLUMN,...", "columns to draw the others given (default: none)",
                  [&](const std::string& typed) {
                    for (auto& name : detail::listed(typed)) options.conditions.push_back(std::move(name));
                  });
  arguments.words("column", "COLUMN=KIND",
                  "number, whole, category, constant or ignore (default: as it looks); once for each column",
                  [&](const std::string& typed) {
                    auto [name, kind] = detail::assigned("column", "COLUMN=KIND", typed);
                    if (kind == "ignore")
                      options.ignored.push_back(std::move(name));
                    else
                      options.kinds[name] = std::move(kind);
                  });
  arguments.flag("complete", options.complete, "leaves out records of which a field is missing");
  arguments.number("minutes", options.minutes, "to train, by the speed of the first steps (default 1)");
  arguments.number("steps", options.steps, "training steps, in place of minutes");
  arguments.number("samples", options.samples, "records to draw (default: as many as the data have, or 1000)");
  arguments.words("given", "COLUMN=VALUE",
                  "of a condition, for all that is drawn (default: as in the data); once for each",
                  [&](const std::string& typed) {
                    auto [name, value] = detail::assigned("given", "COLUMN=VALUE", typed);
                    options.given[name] = std::move(value);
                  });
  arguments.word("score", score, "FILE", "records whose log density is wanted, the least likely ones first");
  arguments.number("seed", options.seed, "of weights, training and samples (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", output, "DIR", "folder for the results (default table)");
  arguments.word("load", load, "FILE", "draws from this model.safetensors, without any training");
  if (!arguments.read(argc, argv)) {
    std::printf(
        "Learns the distribution of a table and draws new records.\n\nusage: table --data FILE [options]\n"
        "       table --load FILE [--given COLUMN=VALUE] [--score FILE] [options]\n\n%s",
        arguments.help().c_str());
    return {};
  }
  options.data = data;
  options.load = load;
  options.score = score;
  options.output = output;
  detail::check(options);
  return options;
}

}  // namespace table
