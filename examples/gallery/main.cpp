/// Draws toy distributions by every sampler with 5 to 1,000 evaluations of the model, and measures how near they come:
/// one picture with the distances, and a table.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <scorefield/file/csv.hpp>
#include <scorefield/metric.hpp>
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

using Model =
    sf::ScoreModel<sf::VariancePreserving<float>, sf::ResidualMlp<float>, sf::LinearDenoiserCorrection<float>>;

/// Calls visit(name, sampler of at most so many evaluations) for each sampler: one line each. DormandPrince is not
/// among them, as it chooses how many it takes.
template <class Visit>
void for_each_sampler(const Visit& visit) {
  const auto pairs = [](sf::Index n) { return (n + 1) / 2; };  // steps of two evaluations each, and a last one of one
  visit("Euler-Maruyama", [](sf::Index n) { return sf::EulerMaruyama{.steps = n}; });
  visit("Reverse diffusion", [](sf::Index n) { return sf::ReverseDiffusion{.steps = n}; });
  visit("Predictor-corrector", [=](sf::Index n) { return sf::PredictorCorrector{.steps = pairs(n)}; });
  visit("Ancestral", [](sf::Index n) { return sf::Ddim{.steps = n, .eta = 1}; });
  visit("DPM-Solver++ 2M SDE", [](sf::Index n) { return sf::DpmSolverPlusPlus{.steps = n, .stochasticity = 1}; });
  visit("DPM-Solver++ 3M SDE", [](sf::Index n) { return sf::DpmSolverPlusPlus3M{.steps = n, .stochasticity = 1}; });
  visit("EDM, churn of 20", [=](sf::Index n) { return sf::EdmHeun{.steps = pairs(n), .s_churn = 20}; });
  visit("EDM", [=](sf::Index n) { return sf::EdmHeun{.steps = pairs(n)}; });
  visit("Flow by midpoints",
        [=](sf::Index n) { return sf::ProbabilityFlow{.steps = pairs(n), .scheme = sf::FlowScheme::midpoint}; });
  visit("DDIM", [](sf::Index n) { return sf::Ddim{.steps = n}; });
  visit("DEIS", [](sf::Index n) { return sf::Deis{.steps = n}; });
  visit("DPM-Solver++ 2S", [=](sf::Index n) { return sf::DpmSolverPlusPlus2S{.steps = pairs(n)}; });
  visit("DPM-Solver++ 2M", [](sf::Index n) { return sf::DpmSolverPlusPlus{.steps = n}; });
  visit("DPM-Solver++ 3M", [](sf::Index n) { return sf::DpmSolverPlusPlus3M{.steps = n}; });
  visit("UniPC", [](sf::Index n) { return sf::UniPc{.steps = n}; });
}

struct Options {
  sf::Index samples = 2000, points = 20'000, training_steps = 6000, most_evaluations = 1000;
  std::uint64_t seed = 0;
  int threads = 0;
  std::string output = "gallery";

  /// Evaluations of the model.
  std::vector<sf::Index> budgets() const {
    std::vector<sf::Index> all{5, 10, 20, 50, 1000};
    std::erase_if(all, [this](sf::Index n) { return n > most_evaluations; });
    return all;
  }
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

/// By 64 directions, and, for the energy, by no more than 4000 of the truth.
Distances distances(const sf::Matrix<float>& samples, const sf::Matrix<float>& truth, int threads) {
  const sf::Matrix<float> part = truth.leftCols(std::min<sf::Index>(4000, truth.cols()));
  return {sf::sliced_wasserstein(samples, truth, {.directions = 64, .threads = threads}).value,
          sf::energy_distance(samples, part, threads).value};
}

/// A network that learns as many steps as the options say.
Model trained(const sf::Matrix<float>& data, const Options& options) {
  Model model{sf::VariancePreserving<float>{}, sf::ResidualMlp<float>(2, {.width = 32, .blocks = 3}),
              sf::LinearDenoiserCorrection<float>::fit(data), sf::Seed{options.seed}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{sf::StratifiedTime{}}, sf::Adam{.learning_rate = 2e-3},
                            sf::Warmup<sf::CosineRate>{.steps = 200}};
  trainer.fit(model, data,
              {.steps = options.training_steps,
               .seed = options.seed,
               .threads = options.threads,
               .average = sf::ExponentialMovingAverage{0.999}},
              sf::ProgressBar{});
  return model;
}

/// One distribution: other samples of the truth, and below them what the samplers draw, each compared with the truth.
examples::Group draw(const examples::Distribution& distribution, const Options& options, sf::Table& table) {
  const auto truth = distribution.draw(10'000, sf::Seed{options.seed + 1});
  examples::Group group{distribution.name, {}, {}};
  const auto compare = [&](const std::string& sampler, sf::Index evaluations, const sf::Matrix<float>& samples,
                           double seconds) {
    const auto apart = distances(samples, truth, options.threads);
    table.rows.push_back({group.name, sampler, sf::text(evaluations), places(apart.sliced, 4), places(apart.energy, 6),
                          places(seconds, 4)});
    group.rows.back().push_back({samples.cast<double>(), apart.label()});
  };
  group.rows.emplace_back();
  for (const sf::Index evaluations : options.budgets()) {
    group.columns.push_back(sf::text(evaluations));
    const auto seed = options.seed + 2 + static_cast<std::uint64_t>(group.columns.size());
    compare("Truth", 0, distribution.draw(options.samples, sf::Seed{seed}), 0);
  }
  const Model model = trained(distribution.draw(options.points, sf::Seed{options.seed}), options);
  for_each_sampler([&](const std::string& name, const auto& sampler) {
    group.rows.emplace_back();
    for (const sf::Index evaluations : options.budgets()) {
      const examples::Stopwatch watch;
      const auto samples = sf::sample(model, sampler(evaluations), options.samples, sf::Seed{options.seed},
                                      {.threads = options.threads});
      compare(name, evaluations, samples, watch.seconds());
    }
  });
  examples::say(distribution.name + " is drawn");
  return group;
}

int run(int argc, char** argv) {
  Options options;
  examples::Arguments arguments;
  arguments.number("training-steps", options.training_steps, "of a network for each distribution (default 6000)");
  arguments.number("points", options.points, "of the data (default 20000)");
  arguments.number("samples", options.samples, "to draw each time, 3 or more (default 2000)");
  arguments.number("most-evaluations", options.most_evaluations,
                   "5 or more: leaves out what takes more (default 1000)");
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
  if (options.points < 1 || options.samples < 3 || options.training_steps < 1 || options.most_evaluations < 5)
    throw examples::UsageError(
        "expected --points and --training-steps of 1 or more, --samples of 3 or more, --most-evaluations of 5 or more");
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
