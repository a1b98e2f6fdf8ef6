/// Carries the same data to noise and back by every equation, and draws what they are on the way: one page.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <scorefield/model/empirical_denoiser.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "../arguments.hpp"
#include "../page.hpp"
#include "../program.hpp"
#include "../toy_distributions.hpp"

namespace sf = scorefield;

namespace {

constexpr std::array<double, 4> times{0, 0.1, 0.3, 1};

/// Calls visit(name, equation) for each equation: one line each.
template <class Visit>
void for_each_equation(const Visit& visit) {
  using Cosine = sf::CosineSchedule<float>;
  visit("VP, linear schedule", sf::VariancePreserving<float>{});
  visit("VP, cosine", sf::VariancePreserving{Cosine{}});
  visit("VP, sigmoid", sf::VariancePreserving{sf::SigmoidSchedule<float>{}});
  visit("VP, cosine shifted by -1", sf::VariancePreserving{sf::ShiftedSchedule<Cosine>{Cosine{}, -1}});
  visit("Sub-VP", sf::SubVariancePreserving<float>{});
  visit("Variance exploding", sf::VarianceExploding<float>{});
  visit("EDM", sf::EdmEquation<float>{});
  visit("Rectified flow", sf::RectifiedFlow<float>{});
}

struct Options {
  sf::Index points = 1500, steps = 100;
  std::uint64_t seed = 0;
  int threads = 0;
  std::string output = "equations";
};

/// A number with two digits, as a label.
std::string short_number(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2g", number);
  return text.data();
}

/// Samples at a time, as if data of deviation 1 had it still, and what is left of the data and added to them.
template <class Equation>
examples::Cell cell(const Equation& sde, const sf::Matrix<float>& samples, float t) {
  const auto alpha = static_cast<double>(sde.signal(t)), sigma = static_cast<double>(sde.deviation(t));
  return {samples.cast<double>() / std::hypot(alpha, sigma), short_number(alpha) + ", " + short_number(sigma)};
}

/// alpha x + sigma z of the same normals z at all times.
template <class Equation>
std::vector<examples::Cell> to_noise(const Equation& sde, const sf::Matrix<float>& data, const Options& options) {
  sf::Matrix<float> normals(data.rows(), data.cols());
  sf::Random(options.seed, "noise of the page").normal(sf::view(normals), 0, 0);
  std::vector<examples::Cell> cells;
  for (const double time : times) {
    const auto t = static_cast<float>(time);
    cells.push_back(cell(sde, sde.signal(t) * data + sde.deviation(t) * normals, t));
  }
  return cells;
}

/// New samples, by the exact denoiser of the data.
template <class Equation>
std::vector<examples::Cell> to_data(const Equation& sde, const sf::Matrix<float>& data, const Options& options) {
  const sf::EmpiricalDenoiser model{sde, data};
  auto stepper = sf::start(model, sf::Ddim{.steps = options.steps}, options.points, sf::Seed{options.seed},
                           {.threads = options.threads});
  std::vector<examples::Cell> cells;
  for (auto time = times.rbegin(); time != times.rend(); ++time) {
    while (!stepper.done() && static_cast<double>(stepper.time()) > *time) stepper.step();
    cells.push_back(cell(sde, stepper.samples(), stepper.time()));
  }
  return cells;
}

int run(int argc, char** argv) {
  Options options;
  examples::Arguments arguments;
  arguments.number("points", options.points, "of the data, and to draw (default 1500)");
  arguments.number("steps", options.steps, "of DDIM from noise to data (default 100)");
  arguments.number("seed", options.seed, "of data, noise and samples (default 0)");
  arguments.number("threads", options.threads, "0: all (default); never changes a result");
  arguments.word("output", options.output, "DIR", "folder for the results (default equations)");
  if (!arguments.read(argc, argv)) {
    std::printf("Carries the same data to noise and back by every equation.\n\nusage: equations [options]\n\n%s",
                arguments.help().c_str());
    return 0;
  }
  if (options.points < 1) throw examples::UsageError("--points: expected 1 or more");
  const auto data = examples::distributions().front().draw(options.points, sf::Seed{options.seed});
  examples::prepare_output(options.output);

  examples::Group there{"Data to noise", {}, {}}, back{"Noise to data", {}, {}, true};
  for (const double time : times) {
    there.columns.push_back(sf::text("t = ", time));
    back.columns.insert(back.columns.begin(), there.columns.back());
  }
  std::vector<std::string> names;
  for_each_equation([&](const std::string& name, const auto& sde) {
    names.push_back(name);
    there.rows.push_back(to_noise(sde, data, options));
    back.rows.push_back(to_data(sde, data, options));
    examples::say(name + " is drawn");
  });
  const std::filesystem::path folder = options.output;
  sf::write_png(folder / "equations.png",
                examples::page({there, back}, names, 2.5,
                               "Below: signal and deviation. Samples are drawn as if their deviation were always 1."));
  std::printf("%s: equations.png\n", folder.string().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("equations", [&] { return run(argc, argv); });
}
