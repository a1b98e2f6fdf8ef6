// Data of the user's own type, fetched as batches need them: who fetches what, and what happens where one cannot.
#include "scorefield/data/training_data.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "scorefield/data/units.hpp"

#include "support/catch.hpp"
#include "support/thread_ranks.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// Small data that are not in memory, of which one may be gone, and which note what is asked of them.
class FetchedData : public sf::TrainingData<float> {
 public:
  explicit FetchedData(sf::Index gone = -1) : gone_(gone) {}

  sf::Index dimension() const override { return data_.dimension(); }
  sf::Index size() const override { return data_.size(); }
  sf::Index condition_size() const override { return 0; }
  std::uint64_t fingerprint() const override { return data_.fingerprint(); }
  void fetch_samples(std::span<const sf::Index> of, sf::MatrixView<float> out) const override {
    const std::scoped_lock lock(mutex_);
    for (const auto i : of) {
      if (i == gone_) throw sf::FileError("FetchedData", "a sample", "none", "look elsewhere");
      asked.push_back(i);
    }
    data_.fetch_samples(of, out);
  }
  void fetch_conditions(std::span<const sf::Index>, sf::MatrixView<float>) const override {}

  mutable std::vector<sf::Index> asked;

 private:
  sf::Dataset<float> data_ = test::small_data();
  sf::Index gone_;
  mutable std::mutex mutex_;
};

sf::TrainingOptions fetching() { return {.steps = 4, .batch_size = 512, .seed = 2, .threads = 2}; }

}  // namespace

TEST_CASE("each rank fetches the samples of its own part of a batch and no others", "[training]") {
  const auto model = test::small_model();
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  const auto memory = test::small_data();
  auto whole = trainer.start(model, memory, fetching());
  while (!whole.done()) whole.advance();
  for (const int size : {1, 2, 3, 4}) {
    CAPTURE(size);
    std::vector<std::vector<sf::Index>> asked(static_cast<std::size_t>(size));
    std::mutex checking;
    for (const auto& message : test::on_ranks(size, [&](sf::Communicator& communicator) {
           const FetchedData data;
           auto run = trainer.over(&communicator).start(model, data, fetching());
           data.asked.clear();
           while (!run.done()) run.advance();
           const std::scoped_lock lock(checking);
           asked[static_cast<std::size_t>(communicator.rank())] = data.asked;
           CHECK(run.result() == whole.result());
         }))
      CHECK(message == "");
    sf::Minibatches batches(memory.size(), 512, 2);
    std::vector<sf::Index> expected, all;
    for (sf::Index step = 0; step < 4; ++step) {
      const auto of = batches.indices(step);
      expected.insert(expected.end(), of.begin(), of.end());
    }
    for (const auto& part : asked) {
      CHECK(part.size() <= (expected.size() / 8 + 1) * static_cast<std::size_t>((8 + size - 1) / size));
      all.insert(all.end(), part.begin(), part.end());
    }
    std::ranges::sort(all);
    std::ranges::sort(expected);
    CHECK(all == expected);
  }
}

TEST_CASE("where a sample cannot be had every rank throws what the data throw, the run where it was", "[training]") {
  const auto model = test::small_model();
  const sf::Trainer trainer{sf::DenoisingScoreMatching{}, sf::Adam{}};
  sf::Minibatches batches(1000, 512, 2);
  const auto gone = batches.indices(1)[300];  // of the second step, and not of the scale's check
  const std::string expected = "FetchedData: expected a sample, got none; look elsewhere";
  for (const int size : {1, 2, 4}) {
    CAPTURE(size);
    std::vector<std::string> got(static_cast<std::size_t>(size));
    for (const auto& message : test::on_ranks(size, [&](sf::Communicator& communicator) {
           const FetchedData data(gone);
           const sf::ScoreModel with_units{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 16>{},
                                           sf::Units<float>::fit(test::small_data()), sf::Seed{1}};
           auto run = trainer.over(&communicator).start(with_units, data, fetching());
           run.advance();
           const sf::Vector<float> before = run.result();
           try {
             run.advance();
           } catch (const sf::FileError& error) {
             if (run.step() == 1 && run.result() == before)
               got[static_cast<std::size_t>(communicator.rank())] = error.what();
           }
         }))
      CHECK(message == "");
    for (const auto& each : got) CHECK(each == expected);
  }
}
