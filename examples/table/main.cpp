/// Learns the distribution of a table of any columns, joint or given some of them, draws new records, and tells which
/// records are unlike it.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <scorefield/data/table_columns.hpp>
#include <scorefield/file/csv.hpp>
#include <scorefield/file/model.hpp>
#include <scorefield/file/npy.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "../program.hpp"
#include "learning.hpp"
#include "options.hpp"
#include "report.hpp"
#include "scores.hpp"

namespace {

using namespace table;

/// A .csv as it is, or a .npy whose columns are named by their numbers.
sf::Table read_table(const std::filesystem::path& path) {
  if (path.extension() != ".npy") return sf::read_csv(path);
  const auto numbers = sf::read_npy<double>(path);
  sf::Table data;
  for (sf::Index i = 0; i < numbers.rows(); ++i) data.names.push_back(sf::text("column ", i));
  for (sf::Index j = 0; j < numbers.cols(); ++j) {
    data.rows.emplace_back();
    for (const double number : numbers.col(j)) data.rows.back().push_back(sf::exact_text(number));
  }
  return data;
}

/// Without columns and records that are to be left out.
sf::Table read_data(const Options& options) {
  const auto data = read_table(options.data);
  for (const auto& name : options.ignored) data.column(name);
  std::vector<std::string> kept;
  std::ranges::remove_copy_if(data.names, std::back_inserter(kept), [&](const auto& name) {
    return std::ranges::find(options.ignored, name) != options.ignored.end();
  });
  auto chosen = data.select(kept);
  if (!options.complete) return chosen;
  chosen = chosen.complete();
  std::printf("%zu of %zu records are complete.\n", chosen.rows.size(), data.rows.size());
  return chosen;
}

/// What the user gives, a record of the conditions; none if nothing was given. Throws UsageError for too few.
sf::Table typed_conditions(const Columns& columns, const Options& options) {
  sf::Table typed{columns.given.names(), {}};
  for (const auto& given : options.given) typed.column(given.first);
  if (options.given.empty()) return typed;
  typed.rows.emplace_back();
  for (const auto& name : typed.names) {
    if (!options.given.contains(name))
      throw examples::UsageError("--given: expected a value of every condition, got none of \"" + name + '"');
    typed.rows.front().push_back(options.given.at(name));
  }
  columns.given.encode<float>(typed);  // refuses what cannot be, before any training
  return typed;
}

/// The records to be scored, with the model's columns alone; none where none were given.
sf::Table records_to_score(const Columns& columns, const Options& options) {
  if (options.score.empty()) return {};
  const auto records = read_table(options.score).select(columns.all.names());
  if (records.rows.empty())
    throw examples::UsageError("--score " + options.score.string() + ": expected a record or more, got none");
  columns.all.encode<float>(records);  // refuses what cannot be, before any training
  return records;
}

/// Draws records, and leaves them as samples.csv with the columns of the data. given: records of the conditions, which
/// samples have in turn.
sf::Matrix<float> draw(const Model& model, const Columns& columns, sf::Index count, const sf::Table& given,
                       const Options& options) {
  sf::Table shown{given.names, {}};
  for (sf::Index j = 0; j < count && !given.rows.empty(); ++j)
    shown.rows.push_back(given.rows[static_cast<std::size_t>(j) % given.rows.size()]);
  const auto conditions = columns.given.encode<float>(shown);
  const auto samples = sf::sample(model, sf::DpmSolverPlusPlus{.steps = 25}, count, sf::Seed{options.seed},
                                  {.threads = options.threads, .condition = conditions});
  const auto drawn = columns.drawn.decode(samples);
  auto table = drawn;
  std::ranges::copy(shown.names, std::back_inserter(table.names));
  for (std::size_t j = 0; j < shown.rows.size(); ++j)
    std::ranges::copy(shown.rows[j], std::back_inserter(table.rows[j]));
  sf::write_csv(options.output / "samples.csv", table.select(columns.all.names()));
  return columns.drawn.encode<float>(drawn);
}

/// Creates the folder for the results, of which none may take the place of what was given.
void prepare_output(const Options& options) {
  examples::prepare_output(options.output);
  for (const char* result : {"samples.csv", "report.png", "model.safetensors", "scores.csv"})
    for (const auto& given : {options.data, options.score})
      if (std::error_code ignored; std::filesystem::equivalent(given, options.output / result, ignored))
        throw examples::UsageError("--output " + options.output.string() + ": " + result +
                                   " there is what was given; choose another folder");
}

int learn(const Options& options) {
  const auto data = read_data(options);
  for (const auto& name : options.conditions) data.column(name);
  const Columns columns(sf::TableColumns::recognise(data, options.kinds), options.conditions);
  const auto typed = typed_conditions(columns, options);
  const sf::Seed seed{options.seed};
  const auto records = split(data, seed);
  const auto all = data_set(columns, data, seed);
  const auto scored = records_to_score(columns, options);
  auto model = untrained(columns, all, seed);
  prepare_output(options);
  std::fputs(columns.all.description().c_str(), stdout);

  sf::Interrupt interrupt;  // of the training; what was learnt so far is drawn from
  train(model, all, data_set(columns, records.training, seed), data_set(columns, records.held_out, seed), options,
        interrupt);
  sf::save(options.output / "model.safetensors", model, columns.notes());
  const auto count = options.samples.value_or(static_cast<sf::Index>(data.rows.size()));
  const auto known = records.training.select(columns.given.names());
  const auto samples = draw(model, columns, count, typed.rows.empty() ? known : typed, options);
  std::string results = "model.safetensors, samples.csv";
  if (!scored.rows.empty()) {
    write_scores(model, columns, scored, options);
    results += ", scores.csv";
  }
  if (typed.rows.empty()) {  // else samples are not of the distribution of the data
    const auto numbers = [&](const sf::Table& of) {
      return columns.drawn.encode<float>(of.select(columns.drawn.names()));
    };
    const Compared compared{columns.drawn, numbers(records.training), numbers(records.held_out), samples};
    print_report(compared);
    sf::write_png(options.output / "report.png", picture(compared));
    results += ", report.png";
  } else {
    std::filesystem::remove(options.output / "report.png");  // of an earlier run
  }
  std::printf("%s: %s\n", options.output.string().c_str(), results.c_str());
  return interrupt.came() ? examples::interrupted_status : 0;
}

int load(const Options& options) {
  const auto columns = Columns::from_notes(sf::read_notes(options.load));
  const auto model = sf::load<Model>(options.load);
  const auto typed = typed_conditions(columns, options);
  if (typed.rows.empty() && !typed.names.empty() && options.score.empty())
    throw examples::UsageError("--load: expected --given COLUMN=VALUE for " + columns.given.description());
  const auto scored = records_to_score(columns, options);
  prepare_output(options);
  if (!scored.rows.empty()) {
    write_scores(model, columns, scored, options);
    std::printf("%s: scores.csv\n", options.output.string().c_str());
    return 0;
  }
  draw(model, columns, options.samples.value_or(1000), typed, options);
  std::printf("%s: samples.csv\n", options.output.string().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("table", [&] {
    const auto options = read_options(argc, argv);
    return !options ? 0 : options->load.empty() ? learn(*options) : load(*options);
  });
}
