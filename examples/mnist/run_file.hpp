/// A training run in a file, to be resumed.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <scorefield/file/training_state.hpp>
#include <scorefield/file/safetensors.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>
#include <vector>

#include "model_file.hpp"
#include "options.hpp"

namespace mnist {

/// Where a run is kept in its output folder.
inline constexpr const char* checkpoint_name = "checkpoint.safetensors";

/// What, with the network and the data, decides every bit of a run.
struct Settings {
  sf::Index batch_size = 0;
  double learning_rate = 0;
  std::uint64_t seed = 0;
  double minutes = 0;   // 0: the length was asked for in epochs
  double seconds = 0;   // of these minutes that are gone, while steps is not known
  sf::Index steps = 0;  // in all; 0: not known yet, because the speed is still being measured
};

/// A look at the run at some step.
struct Report {
  sf::Index step;
  double loss;  // mean over the samples of the training steps since the report before, weighted as the objective has it
  double held_out_loss;
};

/// What a run has seen of itself.
struct Journal {
  std::vector<Report> reports;
  double loss_sum = 0;       // over the steps since the last report
  sf::Index loss_count = 0;  // of samples

  void add(double loss, sf::Index samples) {
    loss_sum = sf::multiply_add(loss, static_cast<double>(samples), loss_sum);
    loss_count += samples;
  }
  const Report& report(sf::Index step, double held_out_loss) {
    const auto count = static_cast<double>(std::exchange(loss_count, 0));
    reports.push_back({step, std::exchange(loss_sum, 0) / count, held_out_loss});
    return reports.back();
  }
};

/// A run as it is kept.
struct KeptRun {
  Settings settings;
  Journal journal;
  std::uint64_t data = 0;  // fingerprint
  sf::TrainingState<float> state;
};

namespace detail {

template <class T>
void add_number(sf::Tensors& tensors, const std::string& name, T number) {
  tensors.add(name, {}, Eigen::Matrix<T, Eigen::Dynamic, 1>::Constant(1, number));
}

template <class T>
T number(const sf::Tensors& tensors, const std::string& name) {
  return tensors.get<T>(name, {})(0);
}

}  // namespace detail

template <class Recipe>
void write_run(const std::filesystem::path& path, const ModelOf<Recipe>& model, const KeptRun& run) {
  const auto& [settings, journal, data, state] = run;
  sf::Tensors tensors;
  tensors.metadata = about<Recipe>(Holds::run);
  tensors.metadata["training"] = Recipe::training();
  sf::add_training_state(tensors, model.network().layout(), state);
  add_constants(tensors, model);
  detail::add_number<std::int64_t>(tensors, "run.batch_size", settings.batch_size);
  detail::add_number(tensors, "run.learning_rate", settings.learning_rate);
  detail::add_number(tensors, "run.seed", settings.seed);
  detail::add_number(tensors, "run.minutes", settings.minutes);
  detail::add_number(tensors, "run.seconds", settings.seconds);
  detail::add_number<std::int64_t>(tensors, "run.steps", settings.steps);
  detail::add_number(tensors, "run.data", data);
  detail::add_number(tensors, "journal.loss_sum", journal.loss_sum);
  detail::add_number<std::int64_t>(tensors, "journal.loss_count", journal.loss_count);
  const auto count = static_cast<sf::Index>(journal.reports.size());
  sf::Matrix<double> reports(3, count);
  for (sf::Index i = 0; i < count; ++i) {
    const auto& report = journal.reports[static_cast<std::size_t>(i)];
    reports.col(i) << static_cast<double>(report.step), report.loss, report.held_out_loss;
  }
  detail::add_number<std::int64_t>(tensors, "journal.report_count", count);
  tensors.add("journal.reports", {count, 3}, reports);
  sf::write_safetensors(path, tensors);
}

/// Takes the model's constants from the file too. Throws FileError or InvalidArgument when it is not one of this
/// network's runs.
template <class Recipe>
KeptRun read_run(const sf::Tensors& tensors, const std::filesystem::path& path, ModelOf<Recipe>& model) {
  check_same(tensors, path, Holds::run, "architecture", Recipe::description());
  check_same(tensors, path, Holds::run, "training", Recipe::training());
  read_constants(tensors, model);
  KeptRun run;
  run.state = sf::read_training_state<float>(tensors, model.network().layout());
  auto& [batch_size, learning_rate, seed, minutes, seconds, steps] = run.settings;
  batch_size = detail::number<std::int64_t>(tensors, "run.batch_size");
  learning_rate = detail::number<double>(tensors, "run.learning_rate");
  seed = detail::number<std::uint64_t>(tensors, "run.seed");
  minutes = detail::number<double>(tensors, "run.minutes");
  seconds = detail::number<double>(tensors, "run.seconds");
  steps = detail::number<std::int64_t>(tensors, "run.steps");
  if (batch_size < 1 || steps < 0)
    throw sf::FileError("--resume", "a batch and a length in " + path.string(), sf::text(batch_size, " and ", steps),
                        "the file was changed; take another one");
  run.data = detail::number<std::uint64_t>(tensors, "run.data");
  run.journal.loss_sum = detail::number<double>(tensors, "journal.loss_sum");
  run.journal.loss_count = detail::number<std::int64_t>(tensors, "journal.loss_count");
  const sf::Index count = detail::number<std::int64_t>(tensors, "journal.report_count");
  const auto reports = tensors.get<double>("journal.reports", {count, 3});
  for (sf::Index i = 0; i < count; ++i)
    run.journal.reports.push_back({std::llround(reports(3 * i)), reports(3 * i + 1), reports(3 * i + 2)});
  return run;
}

/// Refuses to replace a run that waits to be resumed.
inline void check_replaceable(const std::filesystem::path& folder) {
  const auto path = folder / checkpoint_name;
  if (!std::filesystem::exists(path)) return;
  const auto tensors = sf::read_safetensors(path);
  const auto step = detail::number<std::int64_t>(tensors, "step");
  if (step != detail::number<std::int64_t>(tensors, "run.steps"))
    throw examples::UsageError(
        sf::text("--output ", folder.string(), ": a run waits there that was interrupted after step ", step,
                 "; --resume goes on with it, or take another folder, or remove ", path.string()));
}

/// Refuses options that are not those of the run to be resumed.
inline void check_resumable(const Options& options, const Settings& kept, sf::Index steps_per_epoch) {
  const auto agree = [](const char* name, const auto& typed, const auto& value, bool same) {
    if (!same)
      throw examples::UsageError(sf::text("--", name, " ", *typed, ": the run to be resumed has ", value, "; leave --",
                                          name, " out, or start anew without --resume"));
  };
  agree("batch", options.batch, kept.batch_size, !options.batch || *options.batch == kept.batch_size);
  agree("learning-rate", options.learning_rate, kept.learning_rate,
        !options.learning_rate || *options.learning_rate == kept.learning_rate);
  agree("seed", options.seed, kept.seed, !options.seed || *options.seed == kept.seed);
  std::string length = kept.minutes > 0 ? sf::text(kept.minutes, " minutes") : "";
  if (kept.steps > 0) length += (length.empty() ? "" : " = ") + epochs_text(kept.steps, steps_per_epoch) + " epochs";
  agree("minutes", options.minutes, length, !options.minutes || *options.minutes == kept.minutes);
  agree("epochs", options.epochs, length, !options.epochs || steps_of(*options.epochs, steps_per_epoch) == kept.steps);
}

}  // namespace mnist
