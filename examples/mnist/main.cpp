/// Trains a score model on handwritten digits, or loads one, and draws new digits.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <scorefield/core/parallel/communicator.hpp>
#include <scorefield/core/read_settings.hpp>
#include <scorefield/file/any_model.hpp>
#include <scorefield/file/checkpoint.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <system_error>
#include <utility>

#include "../processes.hpp"
#include "../program.hpp"
#include "digits.hpp"
#include "length.hpp"
#include "networks.hpp"
#include "options.hpp"
#include "pictures.hpp"
#include "reports.hpp"
#include "sampling.hpp"

namespace {

using namespace mnist;

using examples::interrupted_status;
constexpr const char* checkpoint_name = "checkpoint.safetensors";
constexpr sf::Index steps_between_checkpoints = 50;

/// What an earlier run left on its way would pass for this one's. Its results stay until there are others.
void remove_progress(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const char* name : {checkpoint_name, "loss.csv"}) std::filesystem::remove(folder / name, ignored);
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const auto name = file.path().filename().string();
    if (name.starts_with("progress_") && name.ends_with(".png")) std::filesystem::remove(file.path(), ignored);
  }
}

/// The sampler's drawing, or after an interrupt a quick one.
Drawing drawing_of(const Model& model, const Options& options, sf::Seed seed, const sf::Interrupt& interrupt,
                   sf::Communicator* communicator) {
  const auto came = [&] { return interrupt.came(); };
  if (!sf::of_first_rank(communicator, came()))
    if (auto drawing = draw(model, options.sampler, options.request(seed, communicator), came))
      return *std::move(drawing);
  if (sf::is_first_rank(communicator))
    examples::say("Interrupted: drawing a few samples; a second Ctrl-C ends the program at once.");
  auto few = options.request(seed, communicator);
  few.samples = std::min<sf::Index>(100, few.samples);
  return *draw(model, quick_sampler, few, [] { return false; });
}

/// A new run, or one that goes on where `kept` tells what it was begun with.
template <class Recipe>
int train(const Options& options, const std::optional<KeptOptions>& kept, sf::Interrupt& interrupt,
          sf::Communicator* communicator) {
  const bool labels = kept ? kept->labels : options.labels;
  if (labels && !Recipe::learns_labels)
    throw examples::UsageError(
        sf::text("--labels: network ", Recipe::name, " learns none; leave it out, or --network out"));
  check_labelled(options, labels);
  const auto digits = options.data.empty() ? drawn_digits(labels) : read_digits(options.data, labels);
  const auto& folder = options.output;
  const bool first_rank = sf::is_first_rank(communicator);  // which alone writes and tells
  if (first_rank) examples::prepare_output(folder);
  const sf::Seed seed{kept ? kept->seed : options.seed.value_or(0)};
  auto training = Recipe::options();
  training.seed = seed;
  training.threads = options.threads;
  training.batch_size = kept ? kept->batch_size : options.batch.value_or(Recipe::batch_size);
  const ReportPlan plan{sf::Chunks{digits.training.size(), training.batch_size}.pieces()};
  if (kept) check_resumable(options, *kept, plan.steps_per_epoch);
  const auto trainer = Recipe::trainer(digits.training, kept ? kept->learning_rate
                                                             : options.learning_rate.value_or(Recipe::learning_rate))
                           .over(communicator);
  auto model = Recipe::model(digits.training, seed);

  sf::wait_for_all(communicator);  // which have looked for a run that waits there
  if (!kept && first_rank) remove_progress(folder);
  if (first_rank)
    examples::say(sf::text(kept ? "Going on with network " : "Training network ", Recipe::name, " on ",
                           digits.training.size(), labels ? " labelled images " : " images ",
                           options.data.empty() ? "drawn here" : "of " + options.data, ", into ", folder.string()));
  training.steps = kept ? kept->steps
                   : options.epochs
                       ? steps_of(*options.epochs, plan.steps_per_epoch)
                       : steps_of_minutes(options.minutes.value_or(5), trainer, model, digits, training, plan);
  Reports reports(digits, model, folder, plan, seed, options.threads);
  const sf::Checkpoint checkpoint(folder / checkpoint_name, steps_between_checkpoints);
  if (kept)
    trainer.resume(model, digits.training, training, sf::ProgressBar{}, reports, interrupt, checkpoint);
  else
    trainer.fit(model, digits.training, training, sf::ProgressBar{}, reports, interrupt, checkpoint);

  if (first_rank) sf::save(folder / "model.safetensors", model);
  const auto drawing = drawing_of(model, options, seed, interrupt, communicator);
  if (!first_rank) return 0;
  const auto drawn = write_drawing(folder, drawing);
  sf::write_png(folder / "nearest.png",
                nearest(drawing.samples, digits.training.samples(), sf::resolve_threads(options.threads)));
  std::printf("%s: model.safetensors, loss.csv, progress_*.png, %s, nearest.png\n", folder.string().c_str(),
              drawn.c_str());
  if (const auto run = checkpoint.kept(); !run.done())
    std::printf(
        "Interrupted after step %td, so the samples are few and quick; the same command with --resume goes on.\n",
        static_cast<std::ptrdiff_t>(run.step));
  else if (interrupt.came())
    std::printf("Interrupted while drawing, so the samples are few and quick; --load %s draws more.\n",
                (folder / "model.safetensors").string().c_str());
  return interrupt.came() ? interrupted_status : 0;
}

int train(const Options& options, sf::Interrupt& interrupt, sf::Communicator* communicator) {
  std::string where = "--network", network = options.network.empty() ? Ours::name : options.network;
  const auto path = options.output / checkpoint_name;
  std::optional<KeptOptions> kept;
  if (options.resume) {
    if (!std::filesystem::exists(path))
      throw examples::UsageError("--resume: there is no " + path.string() + "; leave --resume out to start a run");
    const auto run = sf::Checkpoint(path).kept();
    const auto setting = [&](const char* name) {
      const auto found = run.settings.find(name);
      if (found == run.settings.end())
        throw examples::UsageError(sf::text("--resume: ", path.string(), " does not tell the ", name, " of its run"));
      return found->second;
    };
    const sf::ReadSettings optimizer(setting("optimizer"));
    const auto settings = setting("network");
    const bool tutorial = settings.starts_with("TutorialUNet");
    kept = {std::stoll(setting("batch_size")), optimizer.get<double>("learning_rate"), std::stoull(setting("seed")),
            run.steps, !tutorial && sf::ReadSettings(settings).get<sf::Index>("condition") > 0};
    where = "--resume: " + path.string();
    network = tutorial ? Tutorial::name : Ours::name;
    if (!options.network.empty() && options.network != network)
      throw examples::UsageError("--network " + options.network + ": the run to be resumed has " + network +
                                 "; leave --network out, or start anew without --resume");
  } else if (const sf::Checkpoint checkpoint(path); checkpoint.waits()) {
    throw examples::UsageError(sf::text(
        "--output ", options.output.string(), ": a run waits there that was interrupted after step ",
        checkpoint.kept().step, "; --resume goes on with it, or take another folder, or remove ", path.string()));
  }
  return with_network(where, network,
                      [&](auto recipe) { return train<decltype(recipe)>(options, kept, interrupt, communicator); });
}

int load(const Options& options, const sf::Interrupt& interrupt, sf::Communicator* communicator) {
  const auto model = sf::load_any<float>(options.load);
  if (model.dimension() != image.size())
    throw examples::UsageError(sf::text("--load ", options.load,
                                        ": expected a model of images of 28 x 28, got samples of ", model.dimension(),
                                        " numbers"));
  if (const auto k = model.condition_size(); k != 0 && k != classes)
    throw examples::UsageError(sf::text(
        "--load ", options.load, ": expected a model that is given one of 10 labels, got one of ", k, " numbers"));
  check_labelled(options, model.condition_size() > 0);
  if (sf::is_first_rank(communicator)) examples::prepare_output(options.output);
  const auto drawing = draw(model, options.sampler, options.request(sf::Seed{options.seed.value_or(0)}, communicator),
                            [&] { return interrupt.came(); });
  if (!sf::is_first_rank(communicator)) return 0;
  if (!drawing) {
    std::printf("Interrupted: nothing was written.\n");
    return interrupted_status;
  }
  const auto drawn = write_drawing(options.output, *drawing);
  std::printf("%s: %s\n", options.output.string().c_str(), drawn.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  sf::Interrupt interrupt;
  return examples::run_processes("mnist", argc, argv, [&](sf::Communicator* communicator) {
    const auto options = read_options(argc, argv, communicator);
    if (!options) return 0;
    return options->load.empty() ? train(*options, interrupt, communicator) : load(*options, interrupt, communicator);
  });
}
