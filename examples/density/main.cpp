/// Learns the log density of points of the plane, draws it beside its score field and the truth, and tells that of
/// other points.
#include <cstdio>
#include <filesystem>
#include <scorefield/file/model.hpp>
#include <scorefield/file/npy.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>

#include "../animation.hpp"
#include "../program.hpp"
#include "learning.hpp"
#include "options.hpp"
#include "pictures.hpp"

namespace {

using namespace density;

sf::Matrix<float> read_points(const char* option, const std::string& path) {
  auto points = sf::read_npy<float>(path);
  if (points.rows() != 2)
    throw examples::UsageError(
        sf::text("--", option, " ", path, ": expected N x 2 numbers, got ", points.cols(), " x ", points.rows()));
  return points;
}

int run(int argc, char** argv) {
  sf::Interrupt interrupt;
  const auto options = read_options(argc, argv);
  if (!options) return 0;
  const bool known = options->data.empty();
  const sf::Dataset<float> data =
      known ? sf::swiss_roll<float>(20'000, {.seed = options->seed}) : read_points("data", options->data);
  const auto asked = options->points.empty() ? sf::Matrix<float>(2, 0) : read_points("points", options->points);
  const auto plane = view_of(data);
  const std::filesystem::path folder = options->output;
  examples::prepare_output(folder);

  auto model = untrained(data, sf::Seed{options->seed});
  train(model, data, *options, interrupt);
  sf::save(folder / "model.safetensors", model);

  std::string results = "model.safetensors, density.png";
  if (asked.cols() > 0) {
    const auto told = sf::log_density(model, asked, {.tolerance = options->tolerance, .threads = options->threads});
    sf::write_npy(folder / "log_density.npy", told.value.transpose());
    sf::write_npy(folder / "standard_error.npy", told.standard_error.transpose());
    std::printf("Mean log density of %td points: %.4f nats\n", static_cast<std::ptrdiff_t>(asked.cols()),
                told.value.mean());
    results += ", log_density.npy, standard_error.npy";
  }
  const auto view = with_scale(plane, model, data, *options);
  sf::write_png(folder / "density.png", still(model, data, known, view, *options));
  if (const auto frames = movie(model, view, *options, interrupt);
      !interrupt.came() && examples::write_animation(folder / "density.gif", frames))
    results += ", density.gif";
  std::printf("%s: %s\n", folder.string().c_str(), results.c_str());
  return interrupt.came() ? examples::interrupted_status : 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("density", [&] { return run(argc, argv); });
}
