/// Drawing digits, with an eye on how they come about.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <scorefield/core/parallel/communicator.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "../arguments.hpp"
#include "labels.hpp"

namespace mnist {

namespace sf = scorefield;

/// Of classifier-free guidance, to digits that are asked for.
inline constexpr double default_guidance = 1, most_guidance = 100;

using AnySampler = std::variant<sf::DpmSolverPlusPlus, sf::Ddim, sf::EulerMaruyama>;

/// Where the noise is that the last step takes away, at a deviation of 0.17 as the default equation has it: a digit is
/// decided there, and evaluations are better spent before.
inline constexpr double denoised_from = 0.05;

/// Noise on the way lets digits forget what the network got wrong earlier: of what was tried, which is in
/// .github/CONTRIBUTING.md, this is the best.
inline constexpr double stochasticity = 2.5;
/// The short steps of Euler-Maruyama bear more.
inline constexpr double euler_maruyama_stochasticity = 4;

/// For looks into a run, where time counts.
inline constexpr sf::DpmSolverPlusPlus quick_sampler{
    .steps = 15, .t_last = denoised_from, .stochasticity = stochasticity};

inline AnySampler named_sampler(const std::string& name, std::optional<sf::Index> steps) {
  if (steps && (*steps < 1 || *steps > 1'000'000))
    throw examples::UsageError(sf::text("--sampler-steps: expected 1 to 1000000, got ", *steps));
  if (name == "euler-maruyama")
    return sf::EulerMaruyama{
        .steps = steps.value_or(300), .t_last = denoised_from, .stochasticity = euler_maruyama_stochasticity};
  if (name == "ddim") return sf::Ddim{.steps = steps.value_or(100), .t_last = denoised_from};
  if (name == "dpm-solver")
    return sf::DpmSolverPlusPlus{.steps = steps.value_or(25), .t_last = denoised_from, .stochasticity = stochasticity};
  throw examples::UsageError("--sampler: expected euler-maruyama, ddim or dpm-solver, got '" + name + "'");
}

/// What is to be drawn.
struct Request {
  sf::Index samples;
  sf::Seed seed;
  int threads;
  std::optional<int> digit = {};  // of a model that learnt labels, which draws all ten in turn where it is not said
  double guidance = 1;            // and how far it goes towards them: sf::Guided
  sf::Communicator* communicator = nullptr;  // who draws together; null: this process alone
};

/// Samples, and the first of them on their way.
struct Drawing {
  sf::Matrix<float> samples;              // 784 x count, in [0, 1]
  std::vector<int> labels;                // what each was to show; none of a model that learnt no labels
  std::vector<sf::Matrix<float>> frames;  // 784 x up to 36 each, from noise to samples, with greys to be looked at
};

/// x (d x n) at time t in greys: what lies within two deviations of the noise around [0, alpha] is between 0 and 1.
template <class Equation>
sf::Matrix<float> in_greys(const Equation& sde, const sf::Matrix<float>& x, float t) {
  const float alpha = sde.signal(t), sigma = sde.deviation(t);
  return (x.array() + 2 * sigma) / (alpha + 4 * sigma);
}

/// A line on standard error for what takes longer than two seconds.
class SamplingProgress {
 public:
  SamplingProgress() = default;
  SamplingProgress(const SamplingProgress&) = delete;
  SamplingProgress& operator=(const SamplingProgress&) = delete;
  ~SamplingProgress() {
    if (drawn_ && terminal_) std::fputs("\r\x1b[K", stderr);
  }

  /// share: what is done, in (0, 1].
  void operator()(double share) {
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds(terminal_ ? 100 : 10'000);
    drawn_ = true;
    const double seconds = std::chrono::duration<double>(now - start_).count();
    std::fprintf(stderr,
                 terminal_ ? "\rdrawing samples: %3.0f %%  %s left\x1b[K" : "drawing samples: %3.0f %%  %s left\n",
                 100 * share, sf::clock_text(seconds / share * (1 - share)).c_str());
    std::fflush(stderr);
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool terminal_ = sf::stderr_is_terminal();
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now(), next_ = start_ + std::chrono::seconds(2);
};

/// Draws in groups, so that the memory of a stepper, and the time between two looks at stop(), do not grow with the
/// count. Ranks share each group, and all have the drawing. Nothing when stop() said so, on rank 0. Throws NonFinite
/// when a sample is.
template <class Denoiser, class Method, class Stop>
std::optional<Drawing> draw_by(const Denoiser& model, const Method& method, const Request& request, const Stop& stop) {
  constexpr sf::Index most_shown = 36, most_frames = 40;
  const sf::Chunks groups{request.samples, 1000};
  const sf::Index each = (method.steps + most_frames - 1) / most_frames;
  const auto communicator = request.communicator;
  Drawing drawing{sf::Matrix<float>(model.dimension(), request.samples), {}, {}};
  SamplingProgress progress;
  for (sf::Index group = 0; group < groups.pieces(); ++group) {
    const sf::Index first = groups.first(group), n = groups.length(group);
    const auto labels_of = [&](sf::Index from, sf::Index count) {
      return model.condition_size() > 0 ? labels_to_draw(request.digit, from, count) : std::vector<int>{};
    };
    auto own = sf::own_range(communicator, n);
    if (own.count == 0) own = {0, 1};  // drawn for nobody, to keep step with the others
    auto stepper = sf::start(model, method, own.count, request.seed,
                             {.first = first + own.first,
                              .threads = request.threads,
                              .condition = conditions(labels_of(first + own.first, own.count))});
    const auto samples = [&] {
      return sf::gathered(communicator, n, [&](sf::Index, sf::Index) { return stepper.samples(); });
    };
    const auto keep = [&] {
      drawing.frames.push_back(in_greys(model.sde(), samples().leftCols(std::min(n, most_shown)), stepper.time()));
    };
    if (group == 0) keep();
    for (sf::Index step = 1; !stepper.done(); ++step) {
      if (sf::of_first_rank(communicator, stop())) return {};
      stepper.step();
      if (sf::is_first_rank(communicator))
        progress((static_cast<double>(group) + static_cast<double>(step) / static_cast<double>(method.steps)) /
                 static_cast<double>(groups.pieces()));
      if (group == 0 && (step % each == 0 || stepper.done())) keep();
    }
    sf::check_finite(stepper.samples(), first + own.first);
    drawing.samples.middleCols(first, n) = samples().cwiseMax(0.0f).cwiseMin(1.0f);
    const auto labels = labels_of(first, n);
    drawing.labels.insert(drawing.labels.end(), labels.begin(), labels.end());
  }
  return drawing;
}

/// The same by any sampler, with guidance where the model learnt labels.
template <class Model, class Stop>
std::optional<Drawing> draw(const Model& model, const AnySampler& sampler, const Request& request, const Stop& stop) {
  const auto by = [&](const auto& denoiser) {
    return std::visit([&](const auto& method) { return draw_by(denoiser, method, request, stop); }, sampler);
  };
  return model.condition_size() > 0 ? by(sf::Guided{model, request.guidance}) : by(model);
}

}  // namespace mnist
