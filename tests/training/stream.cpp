// Runs over a stream: the program hands a run its batches, one by one.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "scorefield/data/units.hpp"
#include "scorefield/file/checkpoint.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/optimizer/learning_rate.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/gradient_check.hpp"
#include "support/thread_ranks.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// Samples with conditions, of a scale that the model has units for.
struct StreamRecipe {
  static sf::Dataset<float> of_data() {
    sf::Matrix<float> conditions = 100 * test::normals<float>(1, 700, "conditions").array() + 30;
    for (sf::Index j = 0; j < 700; j += 5) conditions(0, j) = std::numeric_limits<float>::quiet_NaN();
    return {sf::Matrix<float>(5 * test::normals<float>(3, 700, "samples").array() - 20), conditions};
  }

  sf::Dataset<float> data = of_data();
  sf::ScoreModel<sf::VariancePreserving<float>, sf::ResidualMlp<float>, sf::ScorePrediction, sf::Units<float>> model{
      sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{3, {.width = 32, .blocks = 1, .condition = 1}},
      sf::ScorePrediction{}, sf::Units<float>::fit(data), sf::Seed{1}};
  sf::Trainer<sf::DenoisingScoreMatching<>, sf::Adam, sf::CosineRate> trainer{sf::DenoisingScoreMatching{}, sf::Adam{},
                                                                              sf::CosineRate{}};

  static sf::TrainingOptions options() {
    return {.steps = 9,
            .batch_size = 300,
            .seed = 5,
            .threads = 2,
            .clip_norm = 0.5,
            .average = sf::ExponentialMovingAverage{0.9}};
  }

  /// Feeds the batches that a run over the data takes, from where the run stands to `end`.
  template <class Run>
  void feed(Run& run, sf::Index end, bool short_batches = false) const {
    sf::Minibatches batches(data.size(), options().batch_size, options().seed, short_batches);
    while (run.step() < end) {
      const auto of = batches.indices(run.step());
      const auto n = static_cast<sf::Index>(of.size());
      sf::Matrix<float> samples(3, n), conditions(1, n);
      data.fetch_samples(of, sf::view(samples));
      data.fetch_conditions(of, sf::view(conditions));
      run.advance({samples, conditions});
    }
  }
};

template <class Run>
bool same_state(const Run& one, const Run& other) {
  const auto a = one.state(), b = other.state();
  return a.step == b.step && a.parameters == b.parameters && a.average == b.average && a.optimizer == b.optimizer &&
         one.loss() == other.loss() && one.learning_rate() == other.learning_rate() && one.result() == other.result();
}

}  // namespace

TEST_CASE("a stream of the batches of a run over data has the bits of that run", "[training]") {
  const StreamRecipe recipe;
  for (const bool short_batches : {false, true}) {
    CAPTURE(short_batches);
    auto options = StreamRecipe::options();
    options.short_batches = short_batches;
    auto whole = recipe.trainer.start(recipe.model, recipe.data, options);
    auto run = recipe.trainer.stream(recipe.model, StreamRecipe::options());
    CHECK(run.steps() == 9);
    CHECK(run.batch_length() == 0);
    CHECK(run.loss() == 0);
    while (!whole.done()) {
      whole.advance();
      recipe.feed(run, whole.step(), short_batches);
      REQUIRE(run.batch_length() == whole.batch_length());
      REQUIRE(same_state(run, whole));
    }
    CHECK(run.done());
    CHECK(run.epoch() == 0);
    CHECK(run.state().settings.at("data") == "a stream");
  }
}

TEST_CASE("a stream has the same bits on any number of ranks", "[training]") {
  const StreamRecipe recipe;
  auto whole = recipe.trainer.stream(recipe.model, StreamRecipe::options());
  recipe.feed(whole, 9);
  const auto expected = whole.state();
  for (const int size : {2, 3, 4}) {
    CAPTURE(size);
    std::mutex checking;
    for (const auto& message : test::on_ranks(size, [&](sf::Communicator& communicator) {
           auto run = recipe.trainer.over(&communicator).stream(recipe.model, StreamRecipe::options());
           recipe.feed(run, 9);
           const auto state = run.state();
           const std::scoped_lock lock(checking);
           CHECK(state.parameters == expected.parameters);
           CHECK(state.optimizer == expected.optimizer);
           CHECK(run.loss() == whole.loss());
         }))
      CHECK(message == "");
  }
}

TEST_CASE("a run over a stream is kept and resumed, and the program feeds on from there", "[training]") {
  const StreamRecipe recipe;
  auto whole = recipe.trainer.stream(recipe.model, StreamRecipe::options());
  recipe.feed(whole, 9);

  auto first = recipe.trainer.stream(recipe.model, StreamRecipe::options());
  recipe.feed(first, 4);
  auto second = recipe.trainer.stream(recipe.model, StreamRecipe::options());
  second.resume(first.state());
  recipe.feed(second, 9);
  CHECK(same_state(second, whole));

  const test::Folder folder("stream");
  const sf::Checkpoint checkpoint(folder.path / "run.safetensors", 2);
  using Parts = sf::RunParts<decltype(first), const decltype(recipe.model)>;
  checkpoint.keep(Parts{.run = first, .model = recipe.model, .callbacks = {}});
  auto third = recipe.trainer.stream(recipe.model, StreamRecipe::options());
  Parts parts{.run = third, .model = recipe.model, .callbacks = {}};
  checkpoint.restore(parts);
  recipe.feed(third, 9);
  CHECK(same_state(third, whole));

  auto of_data = recipe.trainer.start(recipe.model, recipe.data, StreamRecipe::options());
  CHECK_THROWS_WITH(of_data.resume(first.state()),
                    test::contains("expected data a stream, as the state was kept with"));
}

TEST_CASE("a stream of matrices and of examples allocates nothing after the first step", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  const sf::Matrix<float> batch = data.samples().leftCols(256);
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  auto run = trainer.stream(model, {.steps = 20, .batch_size = 256, .threads = 2});
  run.advance(batch);
  CHECK(test::count_allocations([&] {
          for (int i = 0; i < 9; ++i) run.advance(batch);
          while (!run.done()) run.advance(data.examples(run.step(), 100));
        }) == 0);
}

TEST_CASE("a batch that a stream cannot use is refused, and the run stays where it was", "[training]") {
  const StreamRecipe recipe;
  auto run = recipe.trainer.stream(recipe.model, StreamRecipe::options());
  recipe.feed(run, 2);
  const auto before = run.state();
  const auto refused = [&](const sf::Matrix<float>& samples, const sf::Matrix<float>& conditions,
                           const std::string& message) {
    CAPTURE(message);
    CHECK_THROWS_WITH(run.advance({samples, conditions}),
                      test::contains("TrainingRun::advance: expected ") && test::contains(message));
    CHECK(run.state().parameters == before.parameters);
    CHECK(run.step() == 2);
  };
  const sf::Matrix<float> samples = recipe.data.samples().leftCols(10),
                          conditions = recipe.data.conditions().leftCols(10);
  refused(samples.topRows(2), conditions, "a batch of 3 x 1 to 3 x 300, got 2 x 10");
  refused(samples.leftCols(0), conditions.leftCols(0), "got 3 x 0");
  refused(recipe.data.samples().leftCols(301), recipe.data.conditions().leftCols(301), "got 3 x 301");
  refused(samples, conditions.leftCols(9), "conditions of 1 x 10, got 1 x 9");
  CHECK_THROWS_WITH(run.advance(samples), test::contains("conditions of 1 x 10, got 0 x 10"));
  auto bad = samples;
  bad(1, 3) = std::numeric_limits<float>::quiet_NaN();
  refused(bad, conditions, "finite numbers in the batch");
  auto infinite = conditions;
  infinite(0, 1) = std::numeric_limits<float>::infinity();
  refused(samples, infinite, "finite numbers in the batch");
  CHECK_THROWS_WITH(run.advance(), test::contains("a batch, for this is a run over a stream"));
  recipe.feed(run, 9);
  CHECK_THROWS_WITH(run.advance({samples, conditions}), test::contains("a run that is not done"));

  auto of_data = recipe.trainer.start(recipe.model, recipe.data, StreamRecipe::options());
  CHECK_THROWS_WITH(of_data.advance({samples, conditions}), test::contains("no batch, for the run has its data"));
}

TEST_CASE("a stream has neither epochs nor short batches, and its first batch is of the model's scale", "[training]") {
  const StreamRecipe recipe;
  auto options = StreamRecipe::options();
  options.short_batches = true;
  CHECK_THROWS_WITH(recipe.trainer.stream(recipe.model, options),
                    test::contains("a stream has no epochs") && test::contains("short_batches"));
  CHECK_THROWS_WITH(recipe.trainer.stream(recipe.model, {.epochs = 3}), test::contains("got epochs 3"));
  CHECK_THROWS_WITH(recipe.trainer.stream(recipe.model, {.steps = 3, .batch_size = 0}), test::contains("batch_size"));

  const auto model = test::small_model();
  const sf::Matrix<float> batch = test::small_data().samples().leftCols(256);
  auto run = recipe.trainer.stream(model, {.steps = 3});
  CHECK_THROWS_WITH(run.advance(sf::Matrix<float>(100 * batch)), test::contains("data of mean about 0 and deviation"));
  CHECK(run.step() == 0);
  CHECK_NOTHROW(run.advance(batch));
}
