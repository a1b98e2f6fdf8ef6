// Keeps a trained model in a file, takes it back into another, and draws the same samples from both.
#include <cstdio>
#include <scorefield/file/model_file.hpp>
#include <scorefield/file/safetensors.hpp>
#include <scorefield/scorefield.hpp>
namespace sf = scorefield;

auto untrained() {
  return sf::ScoreModel{sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{2, {.width = 32, .blocks = 1}},
                        sf::VelocityPrediction{}, sf::Seed{0}};
}

int main() {
  auto model = untrained();
  sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}.fit(model, sf::two_moons<float>(1000), {.steps = 1000});

  sf::Tensors file;
  sf::add_parameters(file, "network.", model.network().layout(), model.parameters());
  sf::write_safetensors("model.safetensors", file);

  auto other = untrained();
  const auto read = sf::read_safetensors("model.safetensors");
  other.set_parameters(sf::read_parameters<float>(read, "network.", other.network().layout()));

  const auto draw = [](const auto& from) { return sf::sample(from, sf::DpmSolverPlusPlus{}, 100, sf::Seed{1}); };
  std::printf("model.safetensors: %td parameters, %s samples\n", other.parameters().size(),
              draw(model) == draw(other) ? "the same" : "other");
  return draw(model) == draw(other) ? 0 : 1;
}
