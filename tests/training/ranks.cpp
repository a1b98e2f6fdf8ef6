// Ranks that share a run: they have the bits of one process, and refuse and fail alike.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <filesystem>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/file/checkpoint.hpp"
#include "scorefield/likelihood/log_density.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/optimizer/learning_rate.hpp"
#include "scorefield/optimizer/muon.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/training/callbacks.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/gradient_check.hpp"
#include "support/thread_ranks.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

const std::vector<int> sizes{2, 3, 4, 8};

// Checks of vectors are in parentheses of their own, for Catch would print all numbers of those that differ.

bool silent(const std::vector<std::string>& thrown) {
  for (const auto& message : thrown) UNSCOPED_INFO(message);
  return std::ranges::all_of(thrown, &std::string::empty);
}

/// Of several pieces of parameters, in chunks of which a batch has eight and a half.
struct TableRecipe {
  static constexpr sf::Index batch_size = 8 * 64 + 32;

  sf::Dataset<float> data = test::small_data();
  sf::ScoreModel<sf::VariancePreserving<float>, sf::ResidualMlp<float>, sf::ScorePrediction> model{
      sf::VariancePreserving<float>{}, sf::ResidualMlp<float>{2, {.width = 64, .blocks = 2}}, sf::Seed{1}};
  sf::Trainer<sf::DenoisingScoreMatching<>, sf::Adam, sf::CosineRate> trainer{sf::DenoisingScoreMatching{}, sf::Adam{},
                                                                              sf::CosineRate{}};
};

/// Moves matrices as a whole, whose borders are none of pieces.
struct ImageRecipe {
  static constexpr sf::Index batch_size = 128;

  sf::Dataset<float> data{sf::Matrix<float>(test::normals<float>(64, 200, "images"))};
  sf::ScoreModel<sf::VariancePreserving<float>, sf::UNet<float>, sf::ScorePrediction> model{
      sf::VariancePreserving<float>{},
      sf::UNet<float>(sf::ImageShape{.height = 8, .width = 8, .channels = 1}, {.widths = {8, 16}}), sf::Seed{1}};
  sf::Trainer<sf::DenoisingScoreMatching<>, sf::Muon, sf::ConstantRate> trainer{sf::DenoisingScoreMatching{},
                                                                                sf::Muon{}};
};

template <class Recipe>
sf::TrainingOptions options_of(sf::Index steps) {
  return {.steps = steps,
          .batch_size = Recipe::batch_size,
          .seed = 5,
          .threads = 1,
          .clip_norm = 0.05,
          .average = sf::ExponentialMovingAverage{0.9}};
}

}  // namespace

TEST_CASE("parts of ranks are the whole, in order, and rank 0 has one of the longest", "[training]") {
  for (const int size : {1, 2, 3, 7})
    for (sf::Index n = 0; n < 20; ++n) {
      sf::Index next = 0;
      for (int rank = 0; rank < size; ++rank) {
        const auto part = sf::rank_range(n, rank, size);
        CHECK(part.first == next);
        CHECK(part.count <= sf::rank_range(n, 0, size).count);
        CHECK(part.count >= n / size);
        next = part.end();
      }
      CHECK(next == n);
    }
}

TEMPLATE_TEST_CASE("a run has the same bits on any number of ranks", "[training]", TableRecipe, ImageRecipe) {
  const TestType recipe;
  constexpr sf::Index steps = 4;
  auto whole = recipe.trainer.start(recipe.model, recipe.data, options_of<TestType>(steps));
  std::vector<double> losses;
  while (!whole.done()) {
    whole.advance();
    losses.push_back(whole.loss());
  }
  const auto expected = whole.state();
  REQUIRE(expected.parameters.size() > 2 * sf::detail::parameter_piece_size);
  REQUIRE(expected.parameters != recipe.model.parameters());
  for (const int size : sizes) {
    CAPTURE(size);
    std::mutex checking;
    CHECK(silent(test::on_ranks(size, [&](sf::Communicator& communicator) {
      auto options = options_of<TestType>(steps);
      options.threads = 1 + communicator.rank() % 2;
      auto run = recipe.trainer.over(&communicator).start(recipe.model, recipe.data, options);
      std::vector<double> got;
      while (!run.done()) {
        run.advance();
        got.push_back(run.loss());
      }
      const auto state = run.state();
      const std::scoped_lock lock(checking);
      CHECK(got == losses);
      CHECK((state.parameters == expected.parameters));
      CHECK((state.average == expected.average));
      CHECK((state.optimizer == expected.optimizer));
      CHECK(state.settings == expected.settings);
      CHECK((run.result() == whole.result()));
    })));
  }
}

TEST_CASE("short batches, of which some slots have no sample, have the same bits on ranks", "[training]") {
  const TableRecipe recipe;
  const auto trained = [&](sf::Communicator* communicator) {
    auto options = options_of<TableRecipe>(5);
    options.short_batches = true;
    const auto data = test::small_data(TableRecipe::batch_size + 130);
    auto model = recipe.model;
    recipe.trainer.over(communicator).fit(model, data, options);
    return sf::Vector<float>(model.parameters());
  };
  const auto expected = trained(nullptr);
  for (const int size : sizes) {
    std::mutex checking;
    CHECK(silent(test::on_ranks(size, [&](sf::Communicator& communicator) {
      const auto parameters = trained(&communicator);
      const std::scoped_lock lock(checking);
      CHECK((parameters == expected));
    })));
  }
}

TEMPLATE_TEST_CASE("a run of ranks that stopped is resumed on other numbers of them", "[training]", TableRecipe,
                   ImageRecipe) {
  const TestType recipe;
  const test::Folder folder("ranks");
  const auto alone = folder.path / "alone.safetensors", shared = folder.path / "shared.safetensors";
  // The run goes on after step 3, and is over after step 6: rank 0 alone says so.
  const auto train = [&](sf::Communicator* communicator, const std::filesystem::path& path, bool resumed) {
    auto model = recipe.model;
    sf::Index calls = 0;
    sf::History history(2);
    const auto watch = [&](const sf::Progress<float>& progress) {
      ++calls;
      return progress.step == 6 ? sf::Next::stop : progress.step == 3 ? sf::Next::pause : sf::Next::proceed;
    };
    const sf::Checkpoint checkpoint(path, 2);
    const auto options = options_of<TestType>(20);
    const auto trainer = recipe.trainer.over(communicator);
    if (resumed)
      trainer.resume(model, recipe.data, options, history, watch, checkpoint);
    else
      trainer.fit(model, recipe.data, options, history, watch, checkpoint);
    if ((calls > 0) != (!communicator || communicator->rank() == 0)) throw std::runtime_error("callbacks are rank 0's");
    if (checkpoint.kept().step != (resumed ? 6 : 3)) throw std::runtime_error("the file is not that of this step");
    return sf::Vector<float>(model.parameters());
  };
  const auto paused = train(nullptr, alone, false);
  const auto of_pause = test::bytes_of(alone);
  const auto stopped = train(nullptr, alone, true);
  for (const int size : sizes) {
    CAPTURE(size);
    std::filesystem::remove(shared);
    const auto checked = [&](int ranks, bool resumed) {
      std::mutex checking;
      CHECK(silent(test::on_ranks(ranks, [&](sf::Communicator& communicator) {
        const auto parameters = train(&communicator, shared, resumed);
        const std::scoped_lock lock(checking);
        CHECK((parameters == (resumed ? stopped : paused)));
      })));
    };
    checked(size, false);
    CHECK((test::bytes_of(shared) == of_pause));
    checked(size == 8 ? 3 : 5, true);
    CHECK((test::bytes_of(shared) == test::bytes_of(alone)));
  }
}

TEST_CASE("ranks that are about to make different runs are refused by name, on each of them", "[training]") {
  const TableRecipe recipe;
  const auto data = test::small_data(999);
  const auto refused = [&](const auto& change) {
    const auto thrown = test::on_ranks(3, [&](sf::Communicator& communicator) {
      auto options = options_of<TableRecipe>(4);
      const auto* of_rank = &recipe.data;
      auto model = recipe.model;
      if (communicator.rank() == 1) change(options, of_rank, model);
      recipe.trainer.over(&communicator).start(model, *of_rank, options);
    });
    CHECK(thrown[1] == thrown[0]);
    CHECK(thrown[2] == thrown[0]);
    return thrown[0];
  };
  CHECK(refused([](auto&, auto*&, auto&) {}).empty());
  CHECK(
      refused([](auto& options, auto*&, auto&) { options.seed = 6; }) ==
      "TrainingRun: expected seed 5 on every rank, as on rank 0, got 6 on rank 1; give all ranks the same options and "
      "data, and let them read the same files");
  CHECK_THAT(refused([&](auto&, auto*& of_rank, auto&) { of_rank = &data; }), test::contains("data of fingerprint"));
  CHECK_THAT(refused([](auto& options, auto*&, auto&) { options.steps = 5; }), test::contains("steps 4 on every rank"));
  CHECK_THAT(refused([](auto& options, auto*&, auto&) { options.clip_norm = {}; }), test::contains("none on rank 1"));
  CHECK_THAT(refused([](auto&, auto*&, auto& model) { model.set_parameters(2 * model.parameters()); }),
             test::contains("parameters of fingerprint"));
}

TEST_CASE("ranks that were given different states to go on from are refused, on each of them", "[training]") {
  const TableRecipe recipe;
  auto run = recipe.trainer.start(recipe.model, recipe.data, options_of<TableRecipe>(4));
  const auto begun = run.state();
  run.advance();
  const auto later = run.state();
  auto changed = later;
  changed.optimizer.back()(7) += 1;
  const auto refused = [&](const sf::TrainingState<float>& of_others) {
    std::string all;
    for (const auto& message : test::on_ranks(3, [&](sf::Communicator& communicator) {
           recipe.trainer.over(&communicator)
               .start(recipe.model, recipe.data, options_of<TableRecipe>(4))
               .resume(communicator.rank() == 1 ? of_others : later);
         }))
      all += message;
    return all;
  };
  CHECK(refused(later).empty());
  CHECK_THAT(refused(begun),
             test::contains("expected a state after step 1, of fingerprint") && test::contains("got after step 0, of"));
  CHECK_THAT(refused(changed), test::contains("got after step 1, of fingerprint"));
}

TEST_CASE("a trainer over no ranks is the trainer itself, and compiles nothing for them", "[training]") {
  const TableRecipe recipe;
  static_assert(
      std::same_as<decltype(recipe.trainer.over(nullptr)), std::remove_const_t<decltype(TableRecipe::trainer)>>);
  const auto trained = [&](const auto& trainer) {
    auto model = recipe.model;
    trainer.fit(model, recipe.data, options_of<TableRecipe>(2));
    return model.parameters();
  };
  CHECK((trained(recipe.trainer.over(nullptr)) == trained(recipe.trainer)));
}

TEST_CASE("more ranks than a batch has slots are refused, with the number that would do", "[training]") {
  const TableRecipe recipe;
  for (const auto& message : test::on_ranks(3, [&](sf::Communicator& communicator) {
         auto options = options_of<TableRecipe>(4);
         options.batch_size = 100;
         recipe.trainer.over(&communicator).start(recipe.model, recipe.data, options);
       }))
    CHECK_THAT(message, test::contains("at most 2 ranks, as many as a batch has gradient slots, got 3; start fewer"));
}

TEST_CASE("a step that cannot be made throws the words of one process, on every rank", "[training]") {
  const auto data = test::small_data();
  // Outputs grow with the third power of the parameters, and gradients with the fifth.
  const auto failure = [&](sf::Communicator* communicator, float scale) -> std::string {
    auto model = test::small_model();
    model.set_parameters(scale * model.parameters());
    auto run = sf::Trainer{sf::DenoisingScoreMatching{}, sf::Sgd{}}
                   .over(communicator)
                   .start(model, data, {.steps = 1, .batch_size = 8 * model.chunk_size(), .seed = 5, .threads = 1});
    try {
      run.advance();
    } catch (const sf::NonFinite& error) {
      return error.what();
    }
    return "none";
  };
  for (const auto& [scale, part] : {std::pair{1e5f, "a finite gradient, got one that overflows, the largest share"},
                                    std::pair{1e12f, "a finite loss, got"}}) {
    const auto expected = failure(nullptr, scale);
    CHECK_THAT(expected, test::contains(part));
    for (const int size : sizes) {
      std::vector<std::string> got(static_cast<std::size_t>(size));
      CHECK(silent(test::on_ranks(size, [&, of_scale = scale](sf::Communicator& communicator) {
        got[static_cast<std::size_t>(communicator.rank())] = failure(&communicator, of_scale);
      })));
      for (const auto& message : got) CHECK(message == expected);
    }
  }
}

TEST_CASE("each rank sends what is reckoned", "[training]") {
  const TableRecipe recipe;
  constexpr int size = 4;
  test::ThreadRanks ranks(size);
  std::vector<std::size_t> before(size), after(size);
  CHECK(silent(test::on_ranks(ranks, [&](sf::Communicator& communicator) {
    auto run = recipe.trainer.over(&communicator).start(recipe.model, recipe.data, options_of<TableRecipe>(3));
    const auto rank = static_cast<std::size_t>(communicator.rank());
    before[rank] = ranks.sent(communicator.rank());
    while (!run.done()) run.advance();
    after[rank] = ranks.sent(communicator.rank());
  })));
  const auto p = static_cast<double>(recipe.model.parameters().size());
  const double slots = 8, of_rank = p / size;
  const double reckoned = slots / size * (p - of_rank) * 4 + (size - 1) * of_rank * 4 +
                          (size - 1) * (TableRecipe::batch_size / double{size}) * 4 +
                          (size - 1) * of_rank / sf::detail::parameter_piece_size * 8;
  double all = 0;
  for (std::size_t rank = 0; rank < size; ++rank) all += static_cast<double>(after[rank] - before[rank]) / 3 / size;
  CAPTURE(p);
  CHECK(all == Catch::Approx(reckoned).epsilon(0.05));
}

TEST_CASE("a step of ranks allocates nothing after the first", "[training]") {
  const ImageRecipe recipe;
  CHECK(silent(test::on_ranks(3, [&](sf::Communicator& communicator) {
    auto run = recipe.trainer.over(&communicator).start(recipe.model, recipe.data, options_of<ImageRecipe>(10));
    run.advance();
    sf::of_first_rank(&communicator, 0);
    const auto allocated = test::allocations();
    while (!run.done()) run.advance();
    if (test::allocations() != allocated) throw std::runtime_error("a step allocates");
    sf::of_first_rank(&communicator, 0);
  })));
}

TEST_CASE("what is gathered has the order and bits of one process", "[training]") {
  const auto model = test::small_model();
  const sf::EulerMaruyama sampler{.steps = 5};
  const auto draw = [&](sf::Communicator* communicator, sf::Index n) {
    return sf::gathered(communicator, n, [&](sf::Index first, sf::Index count) {
      return sf::sample(model, sampler, count, sf::Seed{3}, {.first = first, .threads = 1});
    });
  };
  const auto densities = [&](sf::Communicator* communicator, const sf::Matrix<float>& points) {
    return sf::gathered(communicator, points.cols(), [&](sf::Index first, sf::Index count) {
      const sf::Matrix<float> own = points.middleCols(first, count);
      return sf::log_density(model, own, {.first = first, .threads = 1}).value;
    });
  };
  for (const sf::Index n : {1, 2, 7, 200}) {
    CAPTURE(n);
    const auto expected = draw(nullptr, n);
    const auto of_expected = densities(nullptr, expected);
    CHECK(expected == sf::sample(model, sampler, n, sf::Seed{3}));
    for (const int size : sizes) {
      std::mutex checking;
      CHECK(silent(test::on_ranks(size, [&](sf::Communicator& communicator) {
        const auto got = draw(&communicator, n);
        const auto of_got = densities(&communicator, got);
        const std::scoped_lock lock(checking);
        CHECK((got == expected));
        CHECK((of_got == of_expected));
      })));
    }
  }
}

TEST_CASE("ranks that wait for all go on when the last of them has come", "[training]") {
  sf::wait_for_all(nullptr);
  std::atomic<int> came = 0;
  CHECK(silent(test::on_ranks(4, [&](sf::Communicator& communicator) {
    if (communicator.rank() == 3) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    ++came;
    sf::wait_for_all(&communicator);
    if (came != 4) throw std::runtime_error("it did not wait");
  })));
}

TEST_CASE("what rank 0 found, of any size, is told to the others", "[training]") {
  const sf::Vector<float> found{{1, 2, 3}};
  CHECK(sf::of_first_rank(nullptr, found) == found);
  std::mutex checking;
  CHECK(silent(test::on_ranks(3, [&](sf::Communicator& communicator) {
    const auto got = sf::of_first_rank(&communicator, communicator.rank() == 0 ? found : sf::Vector<float>());
    const std::scoped_lock lock(checking);
    CHECK((got == found));
  })));
}

TEST_CASE("columns that were not asked for are not gathered", "[training]") {
  const auto refused = [](const auto& shape_of) {
    std::string all;
    for (const auto& message : test::on_ranks(3, [&](sf::Communicator& communicator) {
           sf::gathered(&communicator, 6, [&](sf::Index, sf::Index count) {
             const auto [rows, columns] = shape_of(communicator.rank(), count);
             return sf::Matrix<float>(sf::Matrix<float>::Zero(rows, columns));
           });
         }))
      all += message;
    return all;
  };
  using Shape = std::pair<sf::Index, sf::Index>;
  CHECK(refused([](int, sf::Index count) { return Shape(2, count); }).empty());
  CHECK_THAT(refused([](int, sf::Index count) { return Shape(2, count + 1); }),
             test::contains("2 rows, as on rank 0, and 2 columns, got 2 x 3"));
  CHECK_THAT(refused([](int rank, sf::Index count) { return Shape(2 + rank, count); }),
             test::contains("got 3 x 2") && test::contains("got 4 x 2"));
}
