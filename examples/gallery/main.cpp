/// Draws toy distributions by every sampler with 5 to 1,000 evaluations of the model, and measures how near they come:
/// one picture with the distances, and a table.
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <scorefield/file/csv.hpp>
#include <scorefield/metric.hpp>
#include <scorefield/model/empirical_denoiser.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "../arguments.hpp"
#include "../length.hpp"
#include "../page.hpp"
#include "../program.hpp"
#include "../toy_distributions.hpp"

namespace sf = scorefield;

namespace {

constexpr std::array<sf::Index, 5> budgets{5, 10, 20, 50, 1000};  // evaluations of the model

/// Calls visit(name, sampler of a number of evaluations) for each sampler: one line each.
template <class Visit>
void for_each_sampler(const Visit& visit) {
  visit("Euler-Maruyama", [](sf::Index n) { return sf::EulerMaruyama{.steps = n}; });
  visit("DDIM", [](sf::Index n) { return sf::Ddim{.steps = n}; });
  visit("DPM-Solver++ 2M", [](sf::Index n) { return sf::DpmSolverPlusPlus{.steps = n}; });
  visit("DPM-Solver++ 2M SDE", [](sf::Index n) { return sf::DpmSolverPlusPlus{.steps = n, .stochasticity = 1}; });
}

struct Options {
  sf::Index samples = 2000, training_steps = 20'000;
  std::optional<sf::Index> points;
  std::uint64_t seed = 0;
  int threads = 0;
  std::string output = "gallery";
};

/// A number with so many places after the point.
std::string places(double number, int count) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.*f", count, number);
  return text.data();
}

struct Distances {
  double sliced, energy;

  std::string label() const { return places(sliced, 3) + "  " + places(energy, 4); }
};

Distances distances(const sf::Matrix<float>& samples, const sf::Matrix<float>& truth, int threads) {
  return {sf::sliced_wasserstein(samples, truth, {.threads = threads}).value,
          sf::energy_distance(samples, truth, threads).value};
}

/// Draws by all samplers, and compares with samples of what the model is to draw: a row of the page for each.
template <class Model>
void draw(const Model& model, const sf::Matrix<float>& truth, const Options& options, examples::Group& group,
          sf::Table& table) {
  for_each_sampler([&](const std::string& name, const auto& sampler) {
    auto& row = group.rows.emplace_back();
    for (const sf::Index evaluations : budgets) {
      const examples::Stopwatch watch;
      const sf::Matrix<float> samples = sf::sample(model, sampler(evaluations), options.samples, sf::Seed{options.seed},
                                                   {.threads = options.threads});
      const double seconds = watch.seconds();
      const auto apart = distances(samples, truth, options.threads);
      table.rows.push_back({group.name, name, sf::text(evaluations), places(apart.sliced, 4), places(apart.energy, 6),
                            places(seconds, 4)});
      row.push_back({samples.cast<double>(), apart.label()});
    }
  });
}

/// A network that learns as many steps as the options say.
auto trained(const sf::Matrix<float>& data, const Options& options) {
  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 64, 64, 64>{}, sf::VelocityPrediction{},
                       sf::Seed{options.seed}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{sf::StratifiedTime{}}, sf::Adam{.learning_rate = 2e-3},
                            sf::CosineRate{.last = 0}};
  trainer.fit(model, data,
              {.steps = options.training_steps,
               .seed = options.seed,
               .threads = options.threads,
               .average = sf::ExponentialMovingAverage{0.999}},
              sf::ProgressBar{});
  return model;
}

/// One distribution: its data, and below them what the samplers draw.
examples::Group draw(const examples::Distribution& distribution, const Options& options, sf::Table& table) {
  examples::Group group{distribution.name, {}, {}};
  for (const sf::Index evaluations : budgets) group.columns.push_back(sf::text(evaluations));
  const auto truth = distribution.draw(options.samples, sf::Seed{options.seed + 1});
  const auto other = distribution.draw(options.samples, sf::Seed{options.seed + 2});
  group.rows.emplace_back(budgets.size())[budgets.size() / 2] = {other.cast<double>(),
                                                                 distances(other, truth, options.threads).label()};
  const auto data =
      distribution.draw(options.points.value_or(options.training_steps > 0 ? 10'000 : 500), sf::Seed{options.seed});
  if (options.training_steps > 0)
    draw(trained(data, options), truth, options, group, table);
  else
    draw(sf::EmpiricalDenoiser{sf::VariancePreserving<float>{}, data}, truth, options, group, table);
  examples::say(distribution.name + " is drawn");
  return group;
}

int run(int argc, char** argv) {
  Options options;
  examples::Arguments arguments;
  arguments.number("training-steps", options.training_steps,
                   "of a network for each distribution (default 20000); 0: the exact denoiser of the points");
  arguments.number("points", options.points, "of the data (default 10000, of the exact denoiser 500)");
  arguments.number("samples", options.samples, "to draw each time, 3 or more (default 2000)");
  arguments.number("seed", options.seed, "of data, weights, training and samples (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", options.output, "DIR", "folder for the results (default gallery)");
  if (!arguments.read(argc, argv)) {
    std::printf(
        "Draws toy distributions by every sampler and measures how near they come.\n\n"
        "usage: gallery [options]\n\n%s",
        arguments.help().c_str());
    return 0;
  }
  if (options.points.value_or(1) < 1 || options.samples < 3 || options.training_steps < 0)
    throw examples::UsageError("expected --points of 1 or more, --samples of 3 or more, --training-steps of 0 or more");
  sf::resolve_threads(options.threads);
  examples::prepare_output(options.output);

  sf::Table table{{"distribution", "sampler", "evaluations", "sliced_wasserstein", "energy", "seconds"}, {}};
  std::vector<examples::Group> groups;
  for (const auto& distribution : examples::distributions()) groups.push_back(draw(distribution, options, table));
  std::vector<std::string> rows{"Truth"};
  for_each_sampler([&](const std::string& name, const auto&) { rows.push_back(name); });
  const std::filesystem::path folder = options.output;
  sf::write_png(folder / "gallery.png",
                examples::page(groups, rows, 2.5,
                               "Columns: evaluations of the model. Below: sliced 2-Wasserstein distance and energy "
                               "distance to other samples of the truth."));
  sf::write_csv(folder / "gallery.csv", table);
  std::printf("%s: gallery.png, gallery.csv\n", folder.string().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("gallery", [&] { return run(argc, argv); });
}
