/// Trains a score model on handwritten digits, or loads one, and draws new digits.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <scorefield/file/safetensors.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <system_error>

#include "../program.hpp"
#include "digits.hpp"
#include "interrupt.hpp"
#include "model_file.hpp"
#include "networks.hpp"
#include "options.hpp"
#include "pictures.hpp"
#include "sampling.hpp"
#include "training.hpp"

namespace {

using namespace mnist;

constexpr int interrupted_status = 130;  // as shells count an end by Ctrl-C

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
template <class Model>
Drawing drawing_of(const Model& model, const Options& options, sf::Seed seed) {
  if (!interrupted())
    if (auto drawing = draw(model, options.sampler, options.samples, seed, options.threads, interrupted))
      return *std::move(drawing);
  examples::say("Interrupted: drawing a few samples; a second Ctrl-C ends the program at once.");
  const auto few = std::min<sf::Index>(100, options.samples);
  return *draw(model, quick_sampler, few, seed, options.threads, [] { return false; });
}

template <class Recipe>
int train(const Options& options, const std::optional<sf::Tensors>& checkpoint) {
  const auto digits = options.data.empty() ? drawn_digits() : read_digits(options.data);
  const auto& folder = options.output;
  examples::prepare_output(folder);
  auto training = checkpoint ? Training<Recipe>(digits, options, *checkpoint) : Training<Recipe>(digits, options);
  if (!checkpoint) remove_progress(folder);
  examples::say(sf::text(options.resume ? "Going on with network " : "Training network ", Recipe::name, " on ",
                         digits.training.size(), " images ", options.data.empty() ? "drawn here" : "of " + options.data,
                         ", into ", folder.string()));
  training.train();

  write_model<Recipe>(folder / "model.safetensors", training.model());
  const auto drawing = drawing_of(training.model(), options, sf::Seed{training.settings().seed});
  const auto drawn = write_drawing(folder, drawing);
  sf::write_png(folder / "nearest.png",
                nearest(drawing.samples, digits.training.samples(), sf::resolve_threads(options.threads)));
  std::printf("%s: model.safetensors, loss.csv, progress_*.png, %s, nearest.png\n", folder.string().c_str(),
              drawn.c_str());
  if (!training.complete())
    std::printf(
        "Interrupted after step %td, so the samples are few and quick; the same command with --resume goes on.\n",
        training.step());
  else if (interrupted())
    std::printf("Interrupted while drawing, so the samples are few and quick; --load %s draws more.\n",
                (folder / "model.safetensors").string().c_str());
  return interrupted() ? interrupted_status : 0;
}

int train(const Options& options) {
  std::string where = "--network", network = options.network.empty() ? Ours::name : options.network;
  std::optional<sf::Tensors> checkpoint;
  if (!options.resume) {
    check_replaceable(options.output);
  } else {
    const auto path = options.output / checkpoint_name;
    if (!std::filesystem::exists(path))
      throw examples::UsageError("--resume: there is no " + path.string() + "; leave --resume out to start a run");
    checkpoint = read_file(path, Holds::run);
    where = "--resume: " + path.string(), network = entry(*checkpoint, "network");
    if (!options.network.empty() && options.network != network)
      throw examples::UsageError("--network " + options.network + ": the run to be resumed has " + network +
                                 "; leave --network out, or start anew without --resume");
  }
  return with_network(where, network, [&](auto recipe) { return train<decltype(recipe)>(options, checkpoint); });
}

int load(const Options& options) {
  const auto tensors = read_file(options.load, Holds::model);
  return with_network("--load " + options.load, entry(tensors, "network"), [&](auto recipe) {
    const auto model = read_model<decltype(recipe)>(tensors, options.load);
    examples::prepare_output(options.output);
    const auto drawing =
        draw(model, options.sampler, options.samples, sf::Seed{options.seed.value_or(0)}, options.threads, interrupted);
    if (!drawing) {
      std::printf("Interrupted: nothing was written.\n");
      return interrupted_status;
    }
    const auto drawn = write_drawing(options.output, *drawing);
    std::printf("%s: %s\n", options.output.string().c_str(), drawn.c_str());
    return 0;
  });
}

}  // namespace

int main(int argc, char** argv) {
  catch_interrupts();
  return examples::run_program("mnist", [&] {
    const auto options = read_options(argc, argv);
    if (!options) return 0;
    return options->load.empty() ? train(*options) : load(*options);
  });
}
