// Training by an objective that pairs the data of a batch with their noise.
#include <algorithm>
#include <memory>
#include <mutex>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/objective/coupling/optimal_transport_coupling.hpp"
#include "scorefield/training/detail/gradient.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"
#include "training/runs.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using test::contains;

namespace {

using CoupledMatching = sf::DenoisingScoreMatching<sf::UniformTime, sf::NoiseWeighting, sf::OptimalTransportCoupling>;

/// Writes down what it is called with.
struct Watched : CoupledMatching {
  struct Seen {
    std::mutex writing;
    sf::Matrix<double> x0, condition;
  };
  std::shared_ptr<Seen> seen = std::make_shared<Seen>();

  template <class Model>
  void loss_and_gradient(const Model& model, sf::ConstVectorView<double> p, const sf::Examples<double>& examples,
                         const sf::Draw& draw, sf::Index batch_size, sf::VectorView<double> losses,
                         sf::VectorView<double> gradient, Workspace<Model>& w) const {
    {
      const std::scoped_lock lock(seen->writing);
      seen->x0.middleCols(draw.first_sample, examples.size()) = examples.x0;
      seen->condition.middleCols(draw.first_sample, examples.size()) = examples.condition;
    }
    CoupledMatching::loss_and_gradient(model, p, examples, draw, batch_size, losses, gradient, w);
  }
};

}  // namespace

TEST_CASE("a batch is paired as a whole, and conditions go with their data", "[training]") {
  constexpr sf::Index n = 200, step = 7;
  const sf::Matrix<double> x0 = test::normals<double>(1, 500, "data"), condition = 2 * x0;
  const sf::Dataset<double> data(x0, condition);
  const sf::ScoreModel model{sf::VariancePreserving<double>{}, sf::DynamicMlp<double>(1, {8}, {.condition = 1}),
                             sf::Seed{1}};
  std::vector<sf::Index> indices(n);
  std::iota(indices.begin(), indices.end(), sf::Index{150});
  const auto seen_by = [&](int threads, sf::Index count) {
    Watched objective;
    objective.seen->x0 = objective.seen->condition = sf::Matrix<double>::Zero(1, n);
    sf::detail::BatchGradient<std::remove_const_t<decltype(model)>, Watched> gradient(model, data, objective,
                                                                                      sf::Seed{5}, n, 3, threads);
    REQUIRE(gradient.chunks(n).pieces() > 2);
    sf::detail::GradientSlots<double> slots(3, model.parameters().size());
    gradient.compute(sf::view(model.parameters()), std::span(indices).first(static_cast<std::size_t>(count)), step,
                     slots);
    CHECK(objective.seen->condition == 2 * objective.seen->x0);
    return objective.seen->x0;
  };
  sf::Matrix<double> noise(1, n);
  sf::Random(sf::Seed{5}, "training noise").normal(sf::view(noise), 0, step);
  for (const sf::Index count : {n, n / 4}) {
    // In one dimension the best pairs are in order.
    const auto seen = seen_by(1, count);
    sf::Matrix<double> sorted = x0.middleCols(150, count), of_noise = noise.leftCols(count);
    std::vector<std::pair<double, double>> pairs;
    for (sf::Index j = 0; j < count; ++j) pairs.emplace_back(noise(0, j), seen(0, j));
    std::ranges::sort(pairs);
    std::ranges::sort(sorted.data(), sorted.data() + count, {});
    for (sf::Index j = 0; j < count; ++j) REQUIRE(pairs[static_cast<std::size_t>(j)].second == sorted(0, j));
    CHECK(seen_by(3, count) == seen);
  }
}

TEST_CASE("a coupled run has the same bits on any threads, and after an interruption", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  for (const sf::Index exact : {256, 32}) {
    const sf::Trainer trainer{CoupledMatching{.coupling = {.exact = exact, .iterations = 20}}, sf::Adam{}};
    const auto options = [](int threads) {
      return sf::TrainingOptions{.steps = 12, .batch_size = 150, .seed = 5, .threads = threads};
    };
    auto whole = trainer.start(model, data, options(1));
    while (!whole.done()) whole.advance();
    auto first = trainer.start(model, data, options(3));
    while (first.step() < 5) first.advance();
    auto second = trainer.start(model, data, options(2));
    second.resume(first.state());
    while (!second.done()) second.advance();
    CHECK(second.result() == whole.result());

    auto independent = sf::Trainer{sf::DenoisingScoreMatching{}, sf::Adam{}}.start(model, data, options(1));
    CHECK_THROWS_WITH(independent.resume(first.state()), contains("objective"));
    while (!independent.done()) independent.advance();
    CHECK(independent.result() != whole.result());
  }
}

TEST_CASE("a step of a coupled run allocates nothing", "[training]") {
  const auto model = test::small_model();
  const auto data = test::small_data();
  auto run =
      sf::Trainer{CoupledMatching{}, sf::Adam{}}.start(model, data, {.steps = 12, .batch_size = 150, .threads = 1});
  run.advance();
  CHECK(test::count_allocations([&] { run.advance(); }) == 0);
}

TEST_CASE("a loss that is not finite names the sample, wherever it was paired to", "[training]") {
  sf::Matrix<double> x0 = test::small_data<double>(100).samples();
  x0.col(17).setConstant(1e200);  // whose square overflows
  const sf::Dataset<double> data(x0);
  const auto model = test::small_model<double>();
  sf::detail::BatchGradient<std::remove_const_t<decltype(model)>, CoupledMatching> gradient(model, data, {},
                                                                                            sf::Seed{5}, 100, 1, 1);
  std::vector<sf::Index> indices(100);
  std::iota(indices.begin(), indices.end(), sf::Index{0});
  sf::detail::GradientSlots<double> slots(1, model.parameters().size());
  CHECK_THROWS_WITH(gradient.compute(sf::view(model.parameters()), indices, 3, slots),
                    contains("for sample 17, column ") && contains("with up to 1e+200"));
}
