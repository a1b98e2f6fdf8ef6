// A run that was interrupted, and its file.
#include <cmath>
#include <limits>
#include <utility>

#include "scorefield/io/checkpoint.hpp"
#include "scorefield/io/safetensors.hpp"
#include "scorefield/optimizer/learning_rate.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

const sf::TrainingOptions options{.steps = 40, .batch_size = 150, .seed = 5, .clip_norm = 0.5, .average = {{}}};
const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}, sf::CosineRate{}};

}  // namespace

TEMPLATE_TEST_CASE("a run that was interrupted ends with the bits of one that was not", "[training]", float, double) {
  const auto model = test::small_model<TestType>();
  const auto data = test::small_data<TestType>();
  auto whole = trainer.start(model, data, options);
  while (!whole.done()) whole.advance();

  const test::Folder folder("resume");
  const auto path = folder.path / "run.safetensors";
  {
    auto first = trainer.start(model, data, options);
    while (first.step() < 17) first.advance();
    sf::Tensors tensors;
    sf::add_training_state(tensors, model.network().layout(), first.state());
    sf::write_safetensors(path, tensors);
  }
  auto second = trainer.start(model, data, options);
  second.resume(sf::read_training_state<TestType>(sf::read_safetensors(path), model.network().layout()));
  CHECK(second.step() == 17);
  while (!second.done()) second.advance();
  CHECK(second.result() == whole.result());
  CHECK(second.state().parameters == whole.state().parameters);
  CHECK(second.state().optimizer == whole.state().optimizer);
}

TEST_CASE("a run refuses a state that is not one of it, and stays as it was", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  auto run = trainer.start(model, data, options);
  run.advance();
  const auto before = run.state();
  const auto refused = [&](const auto& change) {
    auto state = before;
    change(state);
    run.resume(state);
  };
  CHECK_THROWS_WITH(refused([](auto& s) { s.step = 41; }),
                    contains("TrainingRun::resume: expected at most the 40 steps of this run, got 41"));
  CHECK_THROWS_AS(refused([](auto& s) { s.step = -1; }), sf::InvalidArgument);
  CHECK_THROWS_WITH(refused([](auto& s) { s.optimizer.pop_back(); }), contains("2 state vectors, got 1"));
  CHECK_THROWS_WITH(refused([](auto& s) { s.average.conservativeResize(3); }), contains("parameters, got 3"));
  CHECK_THROWS_AS(refused([](auto& s) { s.optimizer[1](4) = std::numeric_limits<float>::quiet_NaN(); }), sf::NonFinite);
  CHECK(run.step() == 1);
  CHECK(run.state().parameters == before.parameters);
  CHECK(run.state().optimizer == before.optimizer);
}

TEST_CASE("a file of another network or scalar is refused by the name of what differs", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  sf::Tensors tensors;
  sf::add_training_state(tensors, model.network().layout(), trainer.start(model, data, options).state());
  const auto other = sf::Mlp<float, 2, 16, 8>{}.layout();
  CHECK_THROWS_WITH(sf::read_training_state<float>(tensors, other), contains("parameters.hidden.1.weight"));
  CHECK_THROWS_WITH(sf::read_training_state<double>(tensors, model.network().layout()), contains("F64"));
  CHECK_THROWS_WITH(sf::read_training_state<float>(sf::Tensors{}, other), contains("tensor \"step\""));
}
