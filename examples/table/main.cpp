/// Learns the distribution of a table of any columns, joint or given some of them, and draws new records.
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
#include <vector>

#include "../program.hpp"
#include "learning.hpp"
#include "options.hpp"
#include "report.hpp"

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

/// Without the columns that are to be ignored.
sf::Table read_data(const Options& options) {
  auto data = read_table(options.data);
  for (const auto& name : options.ignored) data.column(name);
  std::vector<std::string> kept;
  std::ranges::remove_copy_if(data.names, std::back_inserter(kept), [&](const auto& name) {
    return std::ranges::find(options.ignored, name) != options.ignored.end();
  });
  return data.select(kept);
}

/// The conditions that the user gives, one column; nothing where there are none. Throws UsageError for too few.
sf::Matrix<float> typed_conditions(const Columns& columns, const Options& options) {
  sf::Table one{columns.given.names(), {{}}};
  for (const auto& given : options.given) one.column(given.first);
  if (options.given.empty()) return {};
  for (const auto& name : one.names) {
    if (!options.given.contains(name))
      throw examples::UsageError("--given: expected a value of every condition, got none of \"" + name + '"');
    one.rows.front().push_back(options.given.at(name));
  }
  return columns.given.encode<float>(one);
}

/// The first columns, over and over.
sf::Matrix<float> repeated(const sf::Matrix<float>& columns, sf::Index count) {
  sf::Matrix<float> all(columns.rows(), columns.rows() == 0 ? 0 : count);
  for (sf::Index j = 0; j < all.cols(); ++j) all.col(j) = columns.col(j % columns.cols());
  return all;
}

/// Draws records and leaves them as samples.csv, with the columns of the data. given: a column for all, or one each.
sf::Matrix<float> draw(const Model& model, const Columns& columns, sf::Index count, const sf::Matrix<float>& given,
                       const Options& options) {
  const auto samples = sf::sample(model, sf::DpmSolverPlusPlus{.steps = 25}, count, sf::Seed{options.seed},
                                  {.threads = options.threads, .condition = given});
  const auto drawn = columns.drawn.decode(samples);
  auto table = drawn;
  std::ranges::copy(columns.given.names(), std::back_inserter(table.names));
  const auto conditions = columns.given.decode(given).rows;
  for (std::size_t j = 0; j < table.rows.size() && !conditions.empty(); ++j)
    std::ranges::copy(conditions[j % conditions.size()], std::back_inserter(table.rows[j]));
  sf::write_csv(options.output / "samples.csv", table.select(columns.all.names()));
  return columns.drawn.encode<float>(drawn);
}

int learn(const Options& options) {
  const auto data = read_data(options);
  const Columns columns(sf::TableColumns::recognise(data, options.kinds), options.conditions);
  std::fputs(columns.all.description().c_str(), stdout);
  const auto typed = typed_conditions(columns, options);
  const sf::Seed seed{options.seed};
  const auto records = split(columns, data, seed);
  const auto training = data_set(columns, records.training, records.given, seed);
  const auto held_out = data_set(columns, records.held_out, records.held_out_given, seed);
  auto model = untrained(columns, training, seed);
  examples::prepare_output(options.output);

  train(model, training, held_out, options);
  sf::save(options.output / "model.safetensors", model, columns.notes());
  const auto count = options.samples.value_or(static_cast<sf::Index>(data.rows.size()));
  if (typed.cols() > 0) {
    draw(model, columns, count, typed, options);
    std::printf("%s: model.safetensors, samples.csv\n", options.output.string().c_str());
    return 0;
  }
  const auto samples = draw(model, columns, count, repeated(records.given, count), options);
  const Compared compared{columns.drawn, records.training, records.held_out, samples};
  print_report(compared);
  sf::write_png(options.output / "report.png", picture(compared, seed));
  std::printf("%s: model.safetensors, samples.csv, report.png\n", options.output.string().c_str());
  return 0;
}

int load(const Options& options) {
  const auto columns = Columns::from_notes(sf::read_notes(options.load));
  const auto model = sf::load<Model>(options.load);
  const auto typed = typed_conditions(columns, options);
  if (columns.given.dimension() > 0 && typed.cols() == 0)
    throw examples::UsageError("--load: expected --given COLUMN=VALUE for " + columns.given.description());
  examples::prepare_output(options.output);
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
