// Learns a table of one's own, in its own units, keeps the run on the way, and the model in a file; takes it back,
// without saying again what it is, and draws the same samples.
#include <cstdio>
#include <scorefield/file/any_model.hpp>
#include <scorefield/file/checkpoint.hpp>
#include <scorefield/file/inspect.hpp>
#include <scorefield/scorefield.hpp>
namespace sf = scorefield;

int main() {
  sf::Matrix<float> table = sf::two_moons<float>(1000);  // in place of numbers of yours: a column is a sample
  table.row(0) = 569 * table.row(0).array() + 16'230;    // whose rows have any scale

  const sf::Dataset data{table};
  sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{2, {.width = 32, .blocks = 1}},
                       sf::VelocityPrediction{}, sf::Units<float>::fit(data), sf::Seed{0}};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  const sf::TrainingOptions options{.steps = 1000};
  const sf::Checkpoint checkpoint{"run.safetensors"};
  sf::Interrupt interrupt;  // a first Ctrl-C ends the run after its step, a second one the program
  if (checkpoint.waits())
    trainer.resume(model, data, options, sf::ProgressBar{}, interrupt, checkpoint);
  else
    trainer.fit(model, data, options, sf::ProgressBar{}, interrupt, checkpoint);
  if (interrupt.came()) return 130;  // the model has what was learnt so far, and the run waits

  sf::save("model.safetensors", model);
  const auto other = sf::load_any<float>("model.safetensors");  // or load<decltype(model)>
  std::fputs(sf::inspect("model.safetensors").c_str(), stdout);

  const auto draw = [](const auto& from) { return sf::sample(from, sf::DpmSolverPlusPlus{}, 100, sf::Seed{1}); };
  std::printf("%s samples, of a mean of %.0f and %.2f\n", draw(model) == draw(other) ? "the same" : "other",
              static_cast<double>(draw(other).row(0).mean()), static_cast<double>(draw(other).row(1).mean()));
  return draw(model) == draw(other) ? 0 : 1;
}
