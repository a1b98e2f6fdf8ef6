// Training where whole weights are moved at once.
#include <utility>

#include "scorefield/optimizer/learning_rate.hpp"
#include "scorefield/optimizer/muon.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using test::contains;

namespace {

const sf::Trainer muon{sf::DenoisingScoreMatching{}, sf::Muon{}, sf::CosineRate{}};

sf::TrainingOptions options_for(int threads) {
  return {.steps = 30, .batch_size = 150, .seed = 5, .threads = threads, .clip_norm = 0.5, .average = {{}}};
}

}  // namespace

TEST_CASE("Muon trains to the same bits whatever the threads, and after an interruption", "[training]") {
  // Matrices enough for all threads.
  const sf::ScoreModel model{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 16, 24, 16, 40, 16>{}, sf::Seed{1}};
  const auto data = test::small_data();
  auto whole = muon.start(model, data, options_for(1));
  while (!whole.done()) whole.advance();
  CHECK(whole.state().parameters != model.parameters());

  for (const int threads : {2, 3}) {
    auto first = muon.start(model, data, options_for(threads));
    while (first.step() < 11) first.advance();
    auto second = muon.start(model, data, options_for(threads));
    second.resume(first.state());
    while (!second.done()) second.advance();
    CHECK(second.state().parameters == whole.state().parameters);
    CHECK(second.result() == whole.result());
  }
}

TEST_CASE("Muon moves weights as matrices and biases by Adam", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  const auto layout = model.network().layout();
  const auto after_a_step = [&](const auto& method) {
    auto run = sf::Trainer{sf::DenoisingScoreMatching{}, method}.start(model, data, options_for(1));
    run.advance();
    return run.state().parameters;
  };
  const auto by_muon = after_a_step(sf::Muon{.learning_rate = 0.01});
  const auto by_adam = after_a_step(sf::Adam{.learning_rate = 0.01});
  int matrices = 0;
  for (const auto& piece : layout.pieces()) {
    const bool same = by_muon.segment(piece.offset, piece.size()) == by_adam.segment(piece.offset, piece.size());
    CHECK(same != sf::Muon::moves_matrix(piece));
    matrices += !same;
  }
  CHECK(matrices == 1);  // 16 x 16: those from 3 and to 2 numbers are too narrow
}

namespace {

/// A model with one parameter more than its network has.
class WithOneMore : public decltype(test::small_model()) {
  using Base = decltype(test::small_model());

 public:
  WithOneMore() : Base(test::small_model()), all_(Base::parameters().size() + 1) { all_.setZero(); }
  const sf::Vector<float>& parameters() const { return all_; }
  void set_parameters(const sf::Vector<float>& p) { all_ = p; }

 private:
  sf::Vector<float> all_;
};

}  // namespace

TEST_CASE("Muon refuses parameters of which the network does not tell the matrices", "[training]") {
  const WithOneMore model;
  const auto data = test::small_data();
  CHECK_THROWS_WITH(muon.start(model, data, options_for(1)), contains("expected a network().layout() of all"));
}

TEST_CASE("a step of Muon allocates nothing", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  auto run = muon.start(model, data, options_for(1));
  run.advance();
  CHECK(test::count_allocations([&] { run.advance(); }) == 0);
}
