// Runs that a Checkpoint keeps, and that are resumed.
#include "scorefield/file/checkpoint.hpp"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <type_traits>

#include "scorefield/data/units.hpp"
#include "scorefield/file/safetensors.hpp"
#include "scorefield/layer/activation/tanh.hpp"
#include "scorefield/model/prediction/linear_denoiser_correction.hpp"
#include "scorefield/network/any_network.hpp"
#include "scorefield/optimizer/learning_rate.hpp"
#include "scorefield/training/callbacks.hpp"
#include "scorefield/training/interrupt.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace fs = std::filesystem;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

const sf::TrainingOptions kept_options{.steps = 12, .batch_size = 100, .seed = 5, .average = {{.decay = 0.9}}};
const sf::Trainer keeping_trainer{sf::DenoisingScoreMatching{}, sf::Adam{}, sf::CosineRate{}};

/// A callback that pauses a run after a step.
auto stop_after(sf::Index step) {
  return [step](const sf::Progress<float>& progress) {
    return progress.step == step ? sf::Next::pause : sf::Next::proceed;
  };
}

bool same_rows(const sf::History& a, const sf::History& b) {
  const auto same = [](const auto& x, const auto& y) {
    return x.step == y.step && x.epoch == y.epoch && x.loss == y.loss;
  };
  return std::ranges::equal(a.rows(), b.rows(), same);
}

/// A run of kept_options that was stopped after 5 steps.
struct StoppedRun {
  test::Folder folder{"checkpoint_stopped"};
  fs::path path = folder.path / "run.safetensors";
  sf::Dataset<float> data = test::small_data();

  StoppedRun() {
    auto model = test::small_model();
    keeping_trainer.fit(model, data, kept_options, sf::Checkpoint{path}, stop_after(5));
  }

  template <class Way = std::remove_const_t<decltype(keeping_trainer)>, class... Callbacks>
  sf::Vector<float> resumed(const sf::TrainingOptions& options, const sf::Dataset<float>& of,
                            const Way& way = keeping_trainer, Callbacks&&... callbacks) const {
    auto model = test::small_model();
    way.resume(model, of, options, sf::Checkpoint{path}, callbacks...);
    return model.parameters();
  }
};

}  // namespace

TEST_CASE("a run that is kept has the bits of one that is not, stopped anywhere and resumed, too", "[training]") {
  const auto data = test::small_data();
  auto whole = test::small_model();
  sf::History history{3};
  keeping_trainer.fit(whole, data, kept_options, history);

  const test::Folder folder("checkpoint_anywhere");
  const auto path = folder.path / "run.safetensors";
  auto kept = test::small_model();
  keeping_trainer.fit(kept, data, kept_options, sf::Checkpoint{path, 4});
  CHECK(kept.parameters() == whole.parameters());
  CHECK(sf::Checkpoint{path}.kept().done());
  const auto last = test::bytes_of(path);

  for (sf::Index step = 1; step < 12; ++step) {
    CAPTURE(step);
    fs::remove(path);
    auto first = test::small_model();
    sf::History before{3};
    keeping_trainer.fit(first, data, kept_options, before, sf::Checkpoint{path, 100}, stop_after(step));
    CHECK(sf::Checkpoint{path}.kept().step == step);
    CHECK(!sf::Checkpoint{path}.kept().done());
    auto second = test::small_model();
    sf::History after{3};
    keeping_trainer.resume(second, data, kept_options, sf::Checkpoint{path, 100}, after);
    CHECK(second.parameters() == whole.parameters());
    CHECK(second.trained_on() == data.fingerprint());
    CHECK(same_rows(after, history));
  }
  // But for the callbacks in it, the file is the same: parameters, average, the optimizer's state and the rest.
  fs::remove(path);
  auto third = test::small_model();
  keeping_trainer.fit(third, data, kept_options, sf::Checkpoint{path, 5}, stop_after(7));
  keeping_trainer.resume(third, data, kept_options, sf::Checkpoint{path, 5});
  CHECK((test::bytes_of(path) == last));
}

TEST_CASE("callbacks that are resumed end where they would have", "[training]") {
  const test::Folder folder("checkpoint_callbacks");
  const auto path = folder.path / "run.safetensors";
  const auto data = test::small_data();
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  const sf::TrainingOptions long_run{.steps = 1000, .batch_size = 20, .seed = 5};
  const sf::EarlyStop::Options impatient{.window = 3, .patience = 2};

  auto whole = test::small_model();
  sf::History history{4};
  trainer.fit(whole, data, long_run, sf::EarlyStop{impatient}, history);
  const sf::Index end = history.rows().back().step;
  REQUIRE(end > 7);
  REQUIRE(end < 1000);

  auto model = test::small_model();
  trainer.fit(model, data, long_run, sf::EarlyStop{impatient}, sf::History{4}, sf::Checkpoint{path}, stop_after(7));
  sf::History resumed{4};
  trainer.resume(model, data, long_run, sf::EarlyStop{impatient}, resumed, sf::Checkpoint{path});
  CHECK(resumed.rows().back().step == end);
  CHECK(same_rows(resumed, history));
  CHECK(model.parameters() == whole.parameters());

  // Each way of passing others than before.
  const auto resume = [&](auto&&... callbacks) {
    trainer.resume(model, data, long_run, sf::Checkpoint{path}, callbacks...);
  };
  CHECK_THROWS_WITH(resume(),
                    contains("expected the 2 callbacks that can be resumed and were kept with the run, got 0"));
  CHECK_THROWS_WITH(resume(sf::EarlyStop{impatient}), contains("got 1; pass those of before"));
  CHECK_THROWS_WITH(resume(sf::EarlyStop{impatient}, sf::History{4}, sf::History{4}),
                    contains("got 3; pass those of before"));
  CHECK_THROWS_WITH(resume(sf::EarlyStop{impatient}, sf::History{5}), contains("History::resume"));
  CHECK_THROWS_WITH(resume(sf::History{4}, sf::EarlyStop{impatient}), contains("::resume"));
}

TEST_CASE("what may not have changed since a run was kept is refused by its name", "[training]") {
  const StoppedRun stopped;
  const auto before = test::bytes_of(stopped.path);
  const auto refused = [&](const auto& change, const std::string& what) {
    auto options = kept_options;
    change(options);
    CHECK_THROWS_AS(stopped.resumed(options, stopped.data), sf::InvalidArgument);
    CHECK_THROWS_WITH(stopped.resumed(options, stopped.data), contains("expected " + what));
  };
  refused([](auto& o) { o.seed = 6; }, "seed 5, as the state was kept with, got 6");
  refused([](auto& o) { o.batch_size = 50; }, "batch_size 100");
  refused([](auto& o) { o.short_batches = true; }, "short_batches false");
  refused([](auto& o) { o.gradient_slots = 3; }, "gradient_slots 8");
  refused([](auto& o) { o.clip_norm = 1; }, "clip_norm none");
  refused([](auto& o) { o.average = {}; }, "average 0.9");
  refused([](auto& o) { o.average = {{.decay = 0.5}}; }, "average 0.9");
  refused([](auto& o) { o.steps = 24; }, "steps 12");
  refused([](auto& o) { o.steps = 4; }, "at most the 4 steps of this run, got 5");

  sf::Matrix<float> x = stopped.data.samples();
  x(1, 17) += 0.01f;
  CHECK_THROWS_WITH(stopped.resumed(kept_options, x), contains("expected data of fingerprint "));
  const auto way = [&](const auto& trainer, const std::string& what) {
    CHECK_THROWS_WITH(stopped.resumed(kept_options, stopped.data, trainer), contains("expected " + what));
  };
  const sf::DenoisingScoreMatching loss;
  way(sf::Trainer{loss, sf::Adam{.beta1 = 0.8}, sf::CosineRate{}}, "optimizer Adam{");
  way(sf::Trainer{loss, sf::Adam{}, sf::CosineRate{.last = 0.5}}, "schedule CosineRate{last 0}");
  way(sf::Trainer{sf::DenoisingScoreMatching{sf::UniformTime{.t_min = 0.01}}, sf::Adam{}, sf::CosineRate{}},
      "objective DenoisingScoreMatching{times UniformTime{t_min 0.0001}");
  CHECK((test::bytes_of(stopped.path) == before));
  CHECK(stopped.resumed(kept_options, stopped.data).allFinite());
}

TEST_CASE("a run of another model is refused by the part that differs", "[training]") {
  // Each with as many parameters, so that numbers alone do not tell them apart.
  const test::Folder folder("checkpoint_models");
  const auto path = folder.path / "run.safetensors";
  const auto data = test::small_data();
  const auto units = sf::Units<float>::fit(data);
  const sf::TrainingOptions options{.steps = 2, .batch_size = 20};
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  const auto correction = sf::LinearDenoiserCorrection<float>::fit(data);
  using Fitted = sf::ScoreModel<sf::VariancePreserving<float>, sf::AnyNetwork<float>,
                                sf::LinearDenoiserCorrection<float>, sf::Units<float>>;
  const sf::AnyNetwork<float> network(sf::DynamicMlp<float>(2, {8}));
  const auto fitted = [&](float beta_max, const auto& prediction, const auto& of) {
    return Fitted(sf::VariancePreserving<float>(sf::LinearSchedule<float>(0.1f, beta_max)), network, prediction, of,
                  sf::Seed{1});
  };
  auto model = fitted(20, correction, units);
  trainer.fit(model, data, options, sf::Checkpoint{path}, stop_after(1));
  const auto refused = [&](auto other, const std::string& what) {
    CHECK_THROWS_WITH(trainer.resume(other, data, options, sf::Checkpoint{path}), contains("expected " + what));
  };
  refused(fitted(19, correction, units), "equation VariancePreserving{");
  refused(fitted(20, sf::LinearDenoiserCorrection<float>::fit(data, {.floor = 0.1}), units),
          "prediction LinearDenoiserCorrection{dimension 2, rotates 0} of fingerprint ");
  refused(fitted(20, correction, sf::Units<float>::fit(data, {.channels = 1})), "units of fingerprint ");
  refused(Fitted(sf::VariancePreserving<float>(sf::LinearSchedule<float>(0.1f, 20)),
                 sf::DynamicMlp<float, sf::Tanh>(2, {8}), correction, units, sf::Seed{1}),
          "network Mlp{dimension 2, widths 8, activation LogSigmoid");
  CHECK_NOTHROW(trainer.resume(model, data, options, sf::Checkpoint{path}));
}

TEST_CASE("a kept run becomes longer where the rates of its steps stay", "[training]") {
  const test::Folder folder("checkpoint_longer");
  const auto path = folder.path / "run.safetensors";
  const auto data = test::small_data();
  const sf::Trainer constant{sf::DenoisingScoreMatching{}, sf::Adam{}};
  auto longer = kept_options;
  longer.steps = 20;
  auto whole = test::small_model(), model = test::small_model();
  constant.fit(whole, data, longer);
  constant.fit(model, data, kept_options, sf::Checkpoint{path});
  constant.resume(model, data, longer, sf::Checkpoint{path});
  CHECK(model.parameters() == whole.parameters());
  CHECK(sf::Checkpoint{path}.kept().steps == 20);
}

TEST_CASE("a new run begins where none waits", "[training]") {
  const StoppedRun stopped;
  auto model = test::small_model();
  const auto start = model.parameters();
  const auto begin = [&](const fs::path& path) {
    keeping_trainer.fit(model, stopped.data, kept_options, sf::Checkpoint{path});
  };
  CHECK_THROWS_WITH(begin(stopped.path), contains("where a run waits that was stopped after step 5 of 12") &&
                                             contains(stopped.path.string()) && contains("resume() goes on with it"));
  CHECK(model.parameters() == start);
  CHECK(stopped.resumed(kept_options, stopped.data).allFinite());
  CHECK_NOTHROW(begin(stopped.path));  // the one there is done

  const auto other = stopped.folder.path / "other";
  sf::write_safetensors(other, {});
  CHECK_THROWS_WITH(begin(other),
                    contains("expected a scorefield run in " + other.string() + ", got a file that holds nothing"));
  test::put(other, "once upon a time");
  CHECK_THROWS_AS(begin(other), sf::FileError);
  CHECK(test::bytes_of(other) == "once upon a time");

  fs::remove(other);
  const auto none = [&] { keeping_trainer.resume(model, stopped.data, kept_options, sf::Checkpoint{other}); };
  CHECK_THROWS_AS(none(), sf::FileError);
  CHECK_THROWS_WITH(none(), contains("expected a run in " + other.string() + ", got no file; fit() starts one"));
  CHECK_THROWS_AS(sf::Checkpoint(other).kept(), sf::FileError);
  CHECK_THROWS_AS(sf::Checkpoint(other, 0), sf::InvalidArgument);
}

TEST_CASE("a run that is kept past its end, or before its start, is refused", "[training]") {
  const StoppedRun stopped;
  for (const std::int64_t step : {13, -1}) {
    const auto whole = sf::read_safetensors(stopped.path);
    sf::Tensors changed;
    changed.metadata = whole.metadata;
    for (const auto& [name, tensor] : whole.all())
      if (name != "step") changed.add(name, tensor);
    changed.add("step", {}, Eigen::Matrix<std::int64_t, 1, 1>(step));
    const auto path = stopped.folder.path / "changed";
    sf::write_safetensors(path, changed);
    CHECK_THROWS_AS(sf::Checkpoint(path).kept(), sf::FileError);
    CHECK_THROWS_WITH(sf::Checkpoint(path).kept(), contains(sf::text("expected from 0 to 12, got ", step)));
  }
}

TEST_CASE("the first step is kept before it is made", "[training]") {
  const test::Folder folder("checkpoint_first");
  const auto path = folder.path / "run.safetensors";
  auto model = test::small_model();
  keeping_trainer.fit(model, test::small_data(), kept_options, sf::Checkpoint{path, 7},
                      [&](const sf::Progress<float>& progress) {
                        CHECK(sf::Checkpoint{path}.kept().step == (progress.step > 7 ? 7 : 0));
                      });
  CHECK(sf::Checkpoint{path}.kept().step == 12);
}

TEST_CASE("a signal ends a run after its step, and what handled it before does so again", "[training]") {
  static int handled = 0;
  handled = 0;
  const auto own = [](int) { ++handled; };
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto before = std::signal(signal, own);
    const test::Folder folder("checkpoint_signal");
    const auto path = folder.path / "run.safetensors";
    auto model = test::small_model();
    {
      const sf::Interrupt interrupt;
      CHECK(!interrupt.came());
      keeping_trainer.fit(model, test::small_data(), kept_options, sf::Checkpoint{path}, interrupt,
                          sf::Every{4, [&](const sf::Progress<float>&) { std::raise(signal); }});
      CHECK(interrupt.came());
      // It is looked at before the signal of step 4 comes, and so after step 5.
      CHECK(sf::Checkpoint{path}.kept().step == 5);
    }
    CHECK(handled == 0);
    std::raise(signal);
    CHECK(handled == 1);
    handled = 0;
    std::signal(signal, before);
  }
}

TEST_CASE("a run that a callback stopped for good is over, and stays so when it is resumed", "[training]") {
  const test::Folder folder("checkpoint_over");
  const sf::Checkpoint checkpoint(folder.path / "run.safetensors");
  const auto data = test::small_data();
  const auto stop = [](const sf::Progress<float>& progress) {
    return progress.step == 5 ? sf::Next::stop : sf::Next::proceed;
  };
  auto model = test::small_model(), other = test::small_model();
  keeping_trainer.fit(model, data, kept_options, checkpoint, stop);
  CHECK(checkpoint.kept().step == 5);
  CHECK_FALSE(checkpoint.waits());
  CHECK(checkpoint.kept().done());
  keeping_trainer.resume(other, data, kept_options, checkpoint);
  CHECK(other.parameters() == model.parameters());
  CHECK_NOTHROW(keeping_trainer.fit(other, data, kept_options, checkpoint));  // which is another run
  CHECK(checkpoint.kept().step == 12);
}
