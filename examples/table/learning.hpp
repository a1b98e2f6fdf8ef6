/// How a table is learnt: columns, the model and its training. This is the place to change them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <scorefield/data/table_columns.hpp>
#include <scorefield/file/model.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>
#include <vector>

#include "../length.hpp"
#include "../program.hpp"
#include "options.hpp"

namespace table {

using Model = sf::ScoreModel<sf::VariancePreserving<float>, sf::ResidualMlp<float>, sf::LinearDenoiserCorrection<float>,
                             sf::Units<float>>;

/// All columns of the data, and which of them are drawn, given the others.
struct Columns {
  sf::TableColumns all, given, drawn;

  Columns(const sf::TableColumns& of_data, const std::vector<std::string>& conditions)
      : all(of_data), given(all.select(conditions)) {
    std::vector<std::string> others;
    std::ranges::remove_copy_if(all.names(), std::back_inserter(others), [&](const auto& name) {
      return std::ranges::find(conditions, name) != conditions.end();
    });
    drawn = all.select(others);
  }

  /// What is kept beside a model.
  sf::Notes notes() const { return {{"columns", all.state()}, {"conditions", given.state()}}; }
  static Columns from_notes(const sf::Notes& notes) {
    if (!notes.contains("columns") || !notes.contains("conditions"))
      throw examples::UsageError("--load: expected a model of a table, got one that knows no columns");
    return {sf::TableColumns::from_state(notes.at("columns")),
            sf::TableColumns::from_state(notes.at("conditions")).names()};
  }
};

/// Records in an order of the seed's own, the last tenth held out of the training.
struct Records {
  sf::Table training, held_out;
};

inline Records split(const sf::Table& data, sf::Seed seed) {
  const auto n = static_cast<sf::Index>(data.rows.size());
  if (n < 20)
    throw examples::UsageError(
        sf::text("--data: expected at least 20 records, got ", n, "; a model of fewer copies them"));
  auto rows = data.rows;
  const sf::Random random(seed, "order of records");
  for (sf::Index i = n - 1; i > 0; --i)
    std::swap(rows[static_cast<std::size_t>(i)], rows[static_cast<std::size_t>(random.below(i + 1, i, 0))]);
  const auto training = rows.begin() + (n - std::min<sf::Index>(5000, n / 10));
  return {{data.names, {rows.begin(), training}}, {data.names, {training, rows.end()}}};
}

inline sf::Dataset<float> data_set(const Columns& columns, const sf::Table& records, sf::Seed seed) {
  auto samples = columns.drawn.encode<float>(records.select(columns.drawn.names()));
  if (samples.rows() == 0)
    throw examples::UsageError("expected a column to draw, got conditions, constants and ignored ones alone");
  columns.drawn.dequantise(samples, seed);
  const auto given = columns.given.encode<float>(records.select(columns.given.names()));
  return given.rows() == 0 ? sf::Dataset<float>(samples) : sf::Dataset<float>(samples, given);
}

/// A network that corrects the normal distribution nearest to the data; those are few, so it is small. Units are those
/// of all records: of a rare word there may be none to train on.
inline Model untrained(const Columns& columns, const sf::Dataset<float>& all, sf::Seed seed) {
  const auto units =
      sf::Units<float>::fit(all, {.rows = columns.drawn.unit_rows(), .conditions = columns.given.unit_rows()});
  return {sf::VariancePreserving<float>{},
          sf::ResidualMlp<float>{all.dimension(), {.width = 64, .blocks = 3, .condition = all.condition_size()}},
          sf::LinearDenoiserCorrection<float>::fit(units.to_model(all)), units, seed};
}

/// Trains on all but held-out records for so long, until those are learnt no better, or until the interrupt. Where that
/// took less than half of the time, as with few records, which are soon learnt by heart, it trains anew on all records,
/// for as many steps as were best.
inline void train(Model& model, const sf::Dataset<float>& all, const sf::Dataset<float>& training,
                  const sf::Dataset<float>& held_out, const Options& options, sf::Interrupt& interrupt) {
  const sf::DenoisingScoreMatching objective{sf::StratifiedTime{sf::PowerLawTime{.exponent = 2}}};
  const sf::Trainer trainer{objective, sf::Muon{.learning_rate = 4e-3, .beta2 = 0.99}, sf::Warmup<sf::CosineRate>{}};
  sf::TrainingOptions how{.steps = options.steps.value_or(1),
                          .seed = sf::Seed{options.seed},
                          .threads = options.threads,
                          .average = sf::ExponentialMovingAverage{0.999}};
  if (!options.steps)
    how.steps = examples::steps_of_minutes(options.minutes.value_or(1), trainer, model, training, how);
  const auto begin = model;
  sf::HeldOutStop best{objective, model, held_out, {.every = 50, .threads = options.threads}};
  trainer.fit(model, training, how, sf::ProgressBar{}, interrupt, best);
  if (best.step() == 0) return;
  model.set_parameters(best.parameters());
  const bool anew = 2 * best.step() <= how.steps && !interrupt.came();
  examples::say(sf::text("Held-out records were learnt best after step ", best.step(), " of ", how.steps,
                         anew                       ? ": as many on all records."
                         : best.step() == how.steps ? "; more may be better."
                                                    : "."));
  if (!anew) return;
  model = begin;
  trainer.fit(model, all, how, sf::ProgressBar{}, interrupt, [&](const sf::Progress<float>& progress) {
    return progress.step == best.step() ? sf::Next::stop : sf::Next::proceed;
  });
}

}  // namespace table
