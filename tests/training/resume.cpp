// A run that was interrupted, and its file.
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "scorefield/file/safetensors.hpp"
#include "scorefield/file/training_state.hpp"
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

namespace {

/// The options of a run that is kept, and the message with which another way of going on is refused.
struct Resume {
  decltype(test::small_model()) model = test::small_model();
  sf::Dataset<float> data = test::small_data();
  sf::TrainingState<float> state = [this] {
    auto run = trainer.start(model, data, options);
    while (run.step() < 5) run.advance();
    return run.state();
  }();

  template <class Other = std::remove_const_t<decltype(trainer)>>
  void operator()(const sf::TrainingOptions& other, const sf::Dataset<float>& others_data,
                  const Other& others_trainer = trainer) const {
    auto run = others_trainer.start(model, others_data, other);
    const sf::Vector<float> before = run.result();
    try {
      run.resume(state);
    } catch (const sf::InvalidArgument&) {
      CHECK(run.step() == 0);
      CHECK(run.result() == before);
      throw;
    }
  }
};

/// An optimizer of the user's own, which does not tell its hyper-parameters.
struct Silent : private sf::Adam {
  using sf::Adam::learning_rate;
  using sf::Adam::state_vectors;
  using sf::Adam::update;
  using sf::Adam::validate;
};
static_assert(sf::Optimizer<Silent> && !sf::HasSettings<Silent>);

}  // namespace

TEST_CASE("a run that would go on in another way is refused by what differs", "[training]") {
  const Resume resume;
  const auto& data = resume.data;
  CHECK_NOTHROW(resume(options, data));
  auto other = options;
  other.threads = 2;
  CHECK_NOTHROW(resume(other, data));

  const auto refuses = [&](const auto& change, const std::string& expected, const std::string& got) {
    auto changed = options;
    change(changed);
    CHECK_THROWS_WITH(resume(changed, data), contains("TrainingRun::resume: expected " + expected +
                                                      ", as the state was kept with, got " + got + "; resume with"));
  };
  refuses([](auto& o) { o.batch_size = 100; }, "batch_size 150", "100");
  refuses([](auto& o) { o.seed = 6; }, "seed 5", "6");
  refuses([](auto& o) { o.gradient_slots = 4; }, "gradient_slots 8", "4");
  refuses([](auto& o) { o.clip_norm = 0.25; }, "clip_norm 0.5", "0.25");
  refuses([](auto& o) { o.clip_norm = {}; }, "clip_norm 0.5", "none");
  refuses([](auto& o) { o.average = {{.decay = 0.99}}; }, "average 0.999", "0.99");
  refuses([](auto& o) { o.average = {}; }, "average 0.999", "none");
  refuses([](auto& o) { o.steps = 80; }, "steps 40", "80");  // the cosine's steps would jump
  CHECK_THROWS_WITH(resume(options, test::small_data(999)), contains("expected data of fingerprint "));

  const sf::DenoisingScoreMatching loss;
  CHECK_THROWS_WITH(resume(options, data, sf::Trainer{loss, sf::Adam{.learning_rate = 0.01}, sf::CosineRate{}}),
                    contains("expected optimizer Adam{learning_rate 0.001, ") &&
                        contains(", as the state was kept with, got Adam{learning_rate 0.01, "));
  CHECK_THROWS_WITH(resume(options, data, sf::Trainer{loss, sf::Sgd{}, sf::CosineRate{}}), contains("got Sgd{"));
  CHECK_THROWS_WITH(resume(options, data, sf::Trainer{loss, Silent{}, sf::CosineRate{}}), contains("got none"));
  CHECK_THROWS_WITH(resume(options, data, sf::Trainer{loss, sf::Adam{}, sf::CosineRate{.last = 0.1}}),
                    contains("expected schedule CosineRate{last 0}, as the state was kept with, got CosineRate{last "));
  CHECK_THROWS_WITH(
      resume(options, data,
             sf::Trainer{sf::DenoisingScoreMatching{sf::UniformTime{.t_min = 1e-3}}, sf::Adam{}, sf::CosineRate{}}),
      contains("expected objective DenoisingScoreMatching{times UniformTime{t_min 0.0001}, ") &&
          contains("got DenoisingScoreMatching{times UniformTime{t_min 0.001}, "));
}

TEST_CASE("a run becomes longer where the rates of its first steps stay", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  const auto longer = [&](const auto& schedule, sf::Index kept_at) {
    const sf::Trainer way{sf::DenoisingScoreMatching{}, sf::Adam{}, schedule};
    auto options_of = options;
    auto first = way.start(model, data, options_of);
    while (first.step() < kept_at) first.advance();
    options_of.steps = 60;
    auto second = way.start(model, data, options_of), whole = way.start(model, data, options_of);
    second.resume(first.state());
    while (!second.done()) second.advance();
    while (!whole.done()) whole.advance();
    return second.result() == whole.result();
  };
  CHECK(longer(sf::ConstantRate{}, 17));
  CHECK(longer(sf::Warmup<sf::CosineRate>{.steps = 10}, 10));
  CHECK_THROWS_WITH(longer(sf::Warmup<sf::CosineRate>{.steps = 10}, 12), contains("expected steps 40, as"));
}

TEST_CASE("an average that is asked for late begins where the parameters are", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  const sf::Trainer fast{sf::DenoisingScoreMatching{}, sf::Adam{.learning_rate = 0.01}};
  auto without = options;
  without.average = {};
  auto first = fast.start(model, data, without);
  while (first.step() < 30) first.advance();
  CHECK(first.state().average.size() == 0);

  // Through a file, which has no average either.
  sf::Tensors tensors;
  sf::add_training_state(tensors, model.network().layout(), first.state());
  auto second = fast.start(model, data, options);
  second.resume(sf::read_training_state<float>(tensors, model.network().layout()));
  CHECK(second.result() == first.result());
  second.advance();
  // At a decay of 31/40 and a rate of 0.01: a step moves a parameter by about 0.01, the average by a quarter of that.
  CHECK((second.result() - first.result()).cwiseAbs().maxCoeff() < 0.01);
  CHECK((first.result() - model.parameters()).cwiseAbs().maxCoeff() > 0.05);
}

TEST_CASE("a file keeps the average in double, and the settings", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  auto run = trainer.start(model, data, options);
  run.advance();
  const auto state = run.state();
  CHECK(state.average != run.result().cast<double>());
  CHECK(state.average.cast<float>() == run.result());
  sf::Tensors tensors;
  sf::add_training_state(tensors, model.network().layout(), state);
  const auto read = sf::read_training_state<float>(tensors, model.network().layout());
  CHECK(read.average == state.average);
  CHECK(read.steps == 40);
  CHECK(read.settings == state.settings);
  CHECK(read.settings.at("batch_size") == "150");
}
