/// Learns the density of handwritten digits, and tells in how many bits a pixel it codes digits that it has not seen.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <scorefield/file/model.hpp>
#include <scorefield/likelihood.hpp>
#include <scorefield/metric/expected_log_density.hpp>
#include <scorefield/picture/detail/plot.hpp>
#include <scorefield/picture/image_grid.hpp>
#include <scorefield/picture/png.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <vector>

#include "../program.hpp"
#include "learning.hpp"
#include "options.hpp"

namespace {

using namespace bits_per_dimension;

constexpr sf::Index shown = 12;

/// The mean with its error, by the spread of digits.
void print(const char* by, const sf::Vector<double>& bits) {
  const auto mean = sf::expected_log_density(bits);
  std::printf("%-36s %.3f +- %.3f\n", by, mean.value, mean.standard_error);
}

/// Rows of the digits of the fewest bits, of the most, and of drawn ones.
sf::Canvas picture(const sf::Matrix<float>& digits, const sf::Vector<double>& bits, const sf::Matrix<float>& drawn) {
  constexpr sf::Index scale = 2, margin = 2, left = 130;
  std::vector<sf::Index> order(static_cast<std::size_t>(bits.size()));
  std::iota(order.begin(), order.end(), sf::Index{0});
  std::ranges::sort(order, {}, [&](sf::Index j) { return bits(j); });
  sf::Matrix<float> images = sf::Matrix<float>::Zero(image.size(), 3 * shown);
  for (sf::Index j = 0; j < std::min(shown, bits.size()); ++j) {
    images.col(j) = digits.col(order[static_cast<std::size_t>(j)]);
    images.col(shown + j) = digits.col(order[order.size() - 1 - static_cast<std::size_t>(j)]);
  }
  images.rightCols(shown) = drawn;
  const auto grid = sf::image_grid(
      images, {.height = image.height, .width = image.width, .columns = shown, .scale = scale, .margin = margin});
  sf::Canvas all(grid.width() + left, grid.height());
  all.put(grid, left, 0);
  const auto name = [&](const std::string& text, int row) {
    const double size = sf::detail::PlotStyle::label_size, pitch = scale * image.height + margin;
    sf::draw_text(all, text, left - 8 - sf::text_width(text, size), (row + 0.5) * pitch + size / 2, size,
                  sf::detail::PlotStyle::title_colour);
  };
  name("fewest bits", 0);
  name("most bits", 1);
  name("drawn", 2);
  return all;
}

int run(int argc, char** argv) {
  sf::Interrupt interrupt;
  const auto options = read_options(argc, argv);
  if (!options) return 0;
  const auto digits = options->data.empty() ? mnist::drawn_digits(false) : mnist::read_digits(options->data, false);
  const std::filesystem::path folder = options->output;
  examples::prepare_output(folder);
  const sf::Seed seed{options->seed};
  const sf::Dataset<float> data = of_bins(digits.training, seed);
  const sf::Matrix<float> held_out = of_bins(digits.held_out, sf::Seed{options->seed + 1});
  const sf::Matrix<float> coded = held_out.leftCols(std::min(options->digits, held_out.cols()));

  auto model = untrained(data, seed);
  train(model, data, *options, interrupt);
  sf::save(folder / "model.safetensors", model);
  if (interrupt.came()) {
    std::printf("Interrupted: %s has what was learnt so far.\n", (folder / "model.safetensors").string().c_str());
    return examples::interrupted_status;
  }

  const auto bits_of = [](const sf::Vector<double>& log_density) {
    return sf::bits_per_dimension(log_density, image.size(), bin_width);
  };
  std::printf("Bits per dimension of %td digits\n", static_cast<std::ptrdiff_t>(coded.cols()));
  print("a normal distribution of logits", bits_of(of_normal(model.units(), data, coded)));
  const auto bound = sf::likelihood_bound(model, coded, {.seed = seed, .threads = options->threads});
  print("the model, at most (by the loss)", bits_of(bound.value));
  const auto density = sf::log_density(
      model, coded, {.tolerance = 1e-3, .probes = options->probes, .seed = seed, .threads = options->threads});
  const auto bits = bits_of(density.value);
  print("the model's flow", bits);

  const auto drawn = sf::sample(model, sf::DpmSolverPlusPlus{.steps = 50}, shown, seed, {.threads = options->threads});
  sf::write_png(folder / "bits_per_dimension.png", picture(coded, bits, drawn));
  std::printf("%s: model.safetensors, bits_per_dimension.png\n", folder.string().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_program("bits_per_dimension", [&] { return run(argc, argv); });
}
