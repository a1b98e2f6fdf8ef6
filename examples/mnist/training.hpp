/// Training, with looks at it on the way.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>

#include "../program.hpp"
#include "digits.hpp"
#include "interrupt.hpp"
#include "networks.hpp"
#include "pictures.hpp"
#include "run_file.hpp"

namespace mnist {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

/// When reports are due, as a function of the step: after a quarter and a half of the first epoch, after every epoch,
/// and at the end.
struct ReportPlan {
  sf::Index steps_per_epoch;

  bool due(sf::Index step, sf::Index steps) const {
    return step == (steps_per_epoch + 3) / 4 || step == (steps_per_epoch + 1) / 2 || step % steps_per_epoch == 0 ||
           step == steps;
  }
  /// How many are due in steps [from, to] of a run of `to` steps, or one more.
  sf::Index count(sf::Index from, sf::Index to) const {
    sf::Index count = to / steps_per_epoch - (from - 1) / steps_per_epoch;
    for (const sf::Index early : {(steps_per_epoch + 3) / 4, (steps_per_epoch + 1) / 2})
      count += from <= early && early <= to;
    return count + 1;
  }
};

/// A run from its start, or from where it was interrupted, to its end or to the next interrupt. It leaves
/// checkpoint.safetensors, loss.csv and progress_<step>.png in a folder.
template <class Recipe>
class Training {
 public:
  using Model = ModelOf<Recipe>;

  /// A new run. Refers to digits.
  Training(const Digits& digits, const Options& options)
      : digits_(digits),
        folder_(options.output),
        threads_(sf::resolve_threads(options.threads)),
        model_(Recipe::model(digits.training, sf::Seed{options.seed.value_or(0)})) {
    kept_.settings = {.batch_size = options.batch.value_or(Recipe::batch_size),
                      .learning_rate = options.learning_rate.value_or(Recipe::learning_rate),
                      .seed = options.seed.value_or(0)};
    kept_.data = digits.training.fingerprint();
    if (options.epochs)
      kept_.settings.steps = steps_of(*options.epochs, steps_per_epoch());
    else
      kept_.settings.minutes = options.minutes.value_or(5);
  }

  /// The run that is kept in the output folder, which is to go on.
  Training(const Digits& digits, const Options& options, const sf::Tensors& checkpoint) : Training(digits, options) {
    auto run = read_run<Recipe>(checkpoint, folder_ / checkpoint_name, model_);
    if (run.data != kept_.data)
      throw examples::UsageError(sf::text("--data: the run to be resumed has other data than these ",
                                          digits_.training.size(), " images; pass --data as it was"));
    kept_ = std::move(run);
    check_resumable(options, kept_.settings, steps_per_epoch());
  }

  /// With the moving average of the parameters, after train().
  const Model& model() const { return model_; }
  sf::Index step() const { return kept_.state.step; }
  const Settings& settings() const { return kept_.settings; }
  /// Whether nothing is left to train.
  bool complete() const { return settings().steps > 0 && step() == settings().steps; }

  void train() {
    sf::ProgressBar bar;
    if (settings().steps == 0) choose_length(bar);
    if (settings().steps > 0) {
      auto run = start(settings().steps);
      while (!run.done() && !interrupted()) {
        advance(run, settings().steps, bar);
        report_if_due(run);
      }
      keep(run);
    }
    write_losses();
    write_run<Recipe>(folder_ / checkpoint_name, model_, kept_);
  }

 private:
  sf::Index steps_per_epoch() const {
    const sf::Index images = digits_.training.size();
    return sf::Chunks{images, kept_.settings.batch_size}.pieces();
  }

  ReportPlan plan() const { return {steps_per_epoch()}; }

  /// A run of so many steps, at the step that is kept.
  auto start(sf::Index steps) const {
    auto options = Recipe::options();
    options.steps = steps;
    options.batch_size = settings().batch_size;
    options.seed = settings().seed;
    options.threads = threads_;
    auto run = Recipe::trainer(settings().learning_rate).start(model_, digits_.training, options);
    if (kept_.state.parameters.size() > 0) run.resume(kept_.state);
    return run;
  }

  template <class Run>
  void keep(const Run& run) {
    kept_.state = run.state();
    model_.set_parameters(run.result());
  }

  /// One step; returns its seconds. steps: of the whole run, to be shown.
  template <class Run>
  double advance(Run& run, sf::Index steps, sf::ProgressBar& bar) {
    const Stopwatch watch;
    run.advance();
    const double seconds = watch.seconds();
    kept_.journal.add(run.loss(), run.batch_length());
    auto progress = run.progress();
    progress.steps = steps;
    bar(progress);
    return seconds;
  }

  template <class Run>
  void report_if_due(const Run& run) {
    if (!plan().due(run.step(), settings().steps)) return;
    keep(run);
    const auto& row = kept_.journal.report(run.step(), held_out_loss(digits_.held_out));
    examples::say(sf::text("step ", row.step, ", epoch ", epochs(row.step), ": weighted training loss ", row.loss,
                           ", held-out loss ", row.held_out_loss));
    write_losses();
    const auto never = [] { return false; };
    auto number = std::to_string(row.step);
    number.insert(0, 6 - std::min<std::size_t>(6, number.size()), '0');
    sf::write_png(
        folder_ / ("progress_" + number + ".png"),
        grid(draw(model_, quick_sampler, report_samples, sf::Seed{settings().seed}, threads_, never)->samples));
    write_run<Recipe>(folder_ / checkpoint_name, model_, kept_);
  }

  /// Takes the steps that are to be measured, or as many as a tenth of the time allows; then sets the number of steps
  /// that the minutes are enough for. The clock has no other part in a run.
  void choose_length(sf::ProgressBar& bar) {
    auto& settings = kept_.settings;
    const Stopwatch watch;
    const double before = settings.seconds, budget = 60 * settings.minutes;
    auto run = start(sf::Index{1} << 40);
    double in_steps = 0, a_step = 0;
    sf::Index shown = run.step() + 2;
    for (sf::Index count = 1; settings.steps == 0 && !interrupted(); ++count) {
      const double seconds = advance(run, shown, bar);
      if (count > 1) in_steps += seconds;  // the first one is slower
      a_step = count == 1 ? seconds : in_steps / static_cast<double>(count - 1);
      settings.seconds = before + watch.seconds();
      shown = run.step() + 1 + static_cast<sf::Index>(std::max(0.0, budget - settings.seconds) / a_step);
      if (run.step() == Recipe::measured_steps || (count > 3 && in_steps > budget / 10))
        set_length(0.98 * budget - settings.seconds, a_step, run.step());
      // Afterwards, so that what is kept of the last measured step knows the length.
      report_if_due(run);
    }
    keep(run);  // without a length if interrupted: the speed is then measured when the run is resumed
  }

  /// As many steps in all as take `seconds` from some step on, its own report and those that follow included.
  void set_length(double seconds, double a_step, sf::Index step) {
    const sf::Index tried = std::min<sf::Index>(256, digits_.held_out.cols());
    const Stopwatch watch;
    held_out_loss(digits_.held_out.leftCols(tried));
    const double a_report = watch.seconds() / static_cast<double>(tried) *
                            static_cast<double>(digits_.held_out.cols() + report_samples * quick_sampler.steps);
    sf::Index enough = step + 1, too_many = step + 2 + static_cast<sf::Index>(std::max(0.0, seconds) / a_step);
    while (too_many - enough > 1) {
      const sf::Index middle = enough + (too_many - enough) / 2;
      const double needed =
          static_cast<double>(middle - step) * a_step + static_cast<double>(plan().count(step, middle)) * a_report;
      (needed <= seconds ? enough : too_many) = middle;
    }
    kept_.settings.steps = enough;
    kept_.settings.seconds = 0;
    const double minutes = settings().minutes;
    examples::say(sf::text(minutes, minutes == 1 ? " minute is " : " minutes are ", enough, " steps of ",
                           std::round(1e4 * a_step) / 10, " ms: the same as --epochs ",
                           epochs_text(enough, steps_per_epoch())));
  }

  /// The error in the noise of images that the network was not trained on, whatever it is trained for and predicts.
  double held_out_loss(const sf::Matrix<float>& images) const {
    return sf::mean_loss(sf::DenoisingScoreMatching{sf::StratifiedTime{}}, model_, images, sf::Seed{77}, threads_);
  }

  double epochs(sf::Index step) const {
    return std::round(1e4 * static_cast<double>(step) / static_cast<double>(steps_per_epoch())) / 1e4;
  }

  void write_losses() const {
    std::string lines = "step,epoch,training_loss,held_out_loss\n";
    for (const auto& row : kept_.journal.reports)
      lines += sf::text(row.step, ',', epochs(row.step), ',', row.loss, ',', row.held_out_loss, '\n');
    examples::write_text(folder_ / "loss.csv", lines);
  }

  static constexpr sf::Index report_samples = 64;

  const Digits& digits_;
  std::filesystem::path folder_;
  int threads_;
  Model model_;
  KeptRun kept_;
};

}  // namespace mnist
