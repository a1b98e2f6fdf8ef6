// Trains a small model and writes it as a header of constants, which main.cpp is compiled with.
#include <cstdio>
#include <scorefield/file/embed.hpp>
#include <scorefield/scorefield.hpp>

#include "model.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: embedded_writer HEADER\n", stderr);
    return 2;
  }
  Model model{sf::VariancePreserving<float>{}, sf::DynamicMlp<float, sf::SiLU>{2, {32, 32}}, sf::VelocityPrediction{},
              sf::Seed{0}};
  sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 3e-3}, sf::CosineRate{}}.fit(
      model, sf::two_moons<float>(1000), {.steps = 5000});
  sf::embed(argv[1], model, "two_moons");
}
