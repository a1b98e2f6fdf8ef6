/// Looks at a training run on its way: losses, and digits that it draws.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>
#include <vector>

#include "../program.hpp"
#include "digits.hpp"
#include "networks.hpp"
#include "pictures.hpp"
#include "sampling.hpp"

namespace mnist {

/// When reports are due, as a function of the step: after a quarter and a half of the first epoch, after every epoch,
/// and at the end.
struct ReportPlan {
  sf::Index steps_per_epoch;

  bool due(sf::Index step, sf::Index steps) const {
    return step == (steps_per_epoch + 3) / 4 || step == (steps_per_epoch + 1) / 2 || step % steps_per_epoch == 0 ||
           step == steps;
  }
  /// How many are due in steps [1, steps] of a run of `steps` steps, or one more.
  sf::Index count(sf::Index steps) const { return steps / steps_per_epoch + 3; }
};

/// The error in the noise of images that the network was not trained on, whatever it is trained for and predicts.
inline double held_out_loss(const Model& model, const sf::Dataset<float>& images, int threads) {
  return sf::mean_loss(sf::DenoisingScoreMatching{sf::StratifiedTime{}}, model, images, sf::Seed{77}, threads);
}

/// A callback that leaves loss.csv and progress_<step>.png in a folder, of the parameters that the run would end with.
class Reports {
 public:
  static constexpr sf::Index samples = 64;

  /// Refers to digits.
  Reports(const Digits& digits, Model model, std::filesystem::path folder, ReportPlan plan, sf::Seed seed, int threads)
      : digits_(digits),
        model_(std::move(model)),
        folder_(std::move(folder)),
        plan_(plan),
        seed_(seed),
        threads_(threads) {}

  void operator()(const sf::Progress<float>& progress) {
    const auto length = static_cast<double>(progress.batch_length);
    loss_sum_ = sf::multiply_add(progress.loss, length, loss_sum_);
    loss_count_ += length;
    if (!plan_.due(progress.step, progress.steps)) return;
    model_.set_parameters(progress.parameters);
    rows_.push_back({progress.step, std::exchange(loss_sum_, 0) / std::exchange(loss_count_, 0),
                     held_out_loss(model_, digits_.held_out, threads_)});
    const auto& row = rows_.back();
    examples::say(sf::text("step ", row.step, ", epoch ", epochs(row.step), ": weighted training loss ", row.loss,
                           ", held-out loss ", row.held_out_loss));
    write_losses();
    const auto never = [] { return false; };
    auto number = std::to_string(row.step);
    number.insert(0, 6 - std::min<std::size_t>(6, number.size()), '0');
    sf::write_png(folder_ / ("progress_" + number + ".png"),
                  grid(*draw(model_, quick_sampler, {samples, seed_, threads_}, never)));
  }

  /// Tells where it stands, to be kept with its run.
  sf::Vector<double> state() const {
    sf::Vector<double> all(2 + 3 * static_cast<sf::Index>(rows_.size()));
    all.head(2) << loss_sum_, loss_count_;
    for (std::size_t i = 0; i < rows_.size(); ++i)
      all.segment(2 + 3 * static_cast<sf::Index>(i), 3) << static_cast<double>(rows_[i].step), rows_[i].loss,
          rows_[i].held_out_loss;
    return all;
  }

  void resume(const sf::Vector<double>& state) {
    if (state.size() < 2 || (state.size() - 2) % 3 != 0)
      throw sf::InvalidArgument("Reports::resume", "two numbers and three a report", sf::text(state.size()),
                                "resume a run of this program");
    loss_sum_ = state(0);
    loss_count_ = state(1);
    rows_.clear();
    for (sf::Index i = 2; i < state.size(); i += 3)
      rows_.push_back({static_cast<sf::Index>(state(i)), state(i + 1), state(i + 2)});
    write_losses();
  }

 private:
  struct Row {
    sf::Index step;
    double loss;  // mean over the samples of the steps since the row before, weighted as the objective has it
    double held_out_loss;
  };

  double epochs(sf::Index step) const {
    return std::round(1e4 * static_cast<double>(step) / static_cast<double>(plan_.steps_per_epoch)) / 1e4;
  }

  void write_losses() const {
    std::string lines = "step,epoch,training_loss,held_out_loss\n";
    for (const auto& row : rows_)
      lines += sf::text(row.step, ',', epochs(row.step), ',', row.loss, ',', row.held_out_loss, '\n');
    examples::write_text(folder_ / "loss.csv", lines);
  }

  const Digits& digits_;
  Model model_;
  std::filesystem::path folder_;
  ReportPlan plan_;
  sf::Seed seed_;
  int threads_;
  std::vector<Row> rows_;
  double loss_sum_ = 0, loss_count_ = 0;  // since the last row
};

}  // namespace mnist
