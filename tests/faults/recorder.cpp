// Faults in the middle of a run: what stops it names the step, the place and the number, its last good state stays in
// the file, and from there the same step fails once more, in the same words.
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/core/random.hpp"
#include "scorefield/file/checkpoint.hpp"
#include "scorefield/model/prediction/velocity_prediction.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/any_network.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/network/unet.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/optimizer/sgd.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sde/variance_preserving.hpp"
#include "scorefield/training/trainer.hpp"

#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinite = std::numeric_limits<float>::infinity();

/// Where a fault is put, in step 5, of a batch of 20 of 60 samples: the second step of the second epoch.
enum class Part { none, data, condition, weights, gradient, loss, time, rate };

struct Fault {
  Part part = Part::none;
  float value = 0;
  sf::Index column = 0;    // of the batch
  std::string place = {};  // of weights and gradients: a piece of the parameters
  sf::Index row = 0;       // of samples and conditions

  static constexpr sf::Index step = 4;  // as draws count, from 0 on

  // Worked out from the above.
  sf::Index first = 0, count = 0;  // of that piece
  float u = 0;                     // of the time that is drawn for the column
};

struct FaultyTime {
  const Fault* fault;

  void validate(const auto&) const {}
  std::string settings() const { return "FaultyTime{}"; }
  template <class Scalar>
  sf::WeightedTime<Scalar> draw(const auto& sde, Scalar u, sf::Index index, sf::Index count) const {
    if (fault->part == Part::time && index == fault->column && u == fault->u)
      return {static_cast<Scalar>(fault->value), Scalar(1)};
    return sf::UniformTime{}.draw(sde, u, index, count);
  }
};

struct FaultyLoss : sf::DenoisingScoreMatching<FaultyTime> {
  template <class Model>
  void loss_and_gradient(const Model& model, sf::ConstVectorView<float> p, const sf::Examples<float>& examples,
                         const sf::Draw& draw, sf::Index batch_size, sf::VectorView<float> losses,
                         sf::VectorView<float> gradient, Workspace<Model>& w) const {
    sf::DenoisingScoreMatching<FaultyTime>::loss_and_gradient(model, p, examples, draw, batch_size, losses, gradient,
                                                              w);
    const Fault& fault = *times.fault;
    const sf::Index j = fault.column - draw.first_sample;
    if (draw.step != Fault::step || j < 0 || j >= examples.size()) return;
    if (fault.part == Part::gradient) gradient(fault.first + 1) += fault.value;
    if (fault.part == Part::loss) losses(j) = fault.value;
  }
};

struct FaultyOptimizer : sf::Sgd {
  const Fault* fault;

  template <class Scalar>
  void update(sf::VectorView<Scalar> p, sf::ConstVectorView<Scalar> g, std::array<sf::VectorView<Scalar>, 1> state,
              double rate, sf::Index step) const {
    sf::Sgd::update(p, g, state, rate, step);
    // The networks here are one piece of work for an optimizer.
    if (fault->part == Part::weights && step == Fault::step)
      p.segment(fault->first, fault->count).setConstant(static_cast<Scalar>(fault->value));
  }
};

struct FaultyRate {
  const Fault* fault;

  void validate() const {}
  double factor(sf::Index step, sf::Index) const {
    return fault->part == Part::rate && step == Fault::step - 1 ? static_cast<double>(fault->value) : 1;
  }
};

using AnyNet = sf::AnyNetwork<float>;
using VelocityModel = sf::ScoreModel<sf::VariancePreserving<float>, AnyNet, sf::VelocityPrediction>;

/// From random parameters, for some networks start as 0.
VelocityModel model_of(const AnyNet& network) {
  VelocityModel model(sf::VariancePreserving<float>{}, network, sf::VelocityPrediction{}, sf::Seed{1});
  sf::Matrix<float> p(model.parameters().size(), 1);
  REQUIRE(p.rows() <= sf::detail::parameter_piece_size);
  sf::Random(sf::Seed{1}, "parameters of this test").normal(sf::view(p), 0, 0);
  model.set_parameters(p.col(0) * 0.2f);
  return model;
}

sf::Dataset<float> data_of(const VelocityModel& model) {
  sf::Matrix<float> x(model.dimension(), 60), c(model.condition_size(), 60);
  const sf::Random random(sf::Seed{2}, "data of this test");
  random.normal(sf::view(x), 0, 0);
  if (c.rows() == 0) return x;
  random.normal(sf::view(c), 0, 1);
  return {x, c};
}

/// The message of the NonFinite that f throws, or nothing.
template <class F>
std::string recorded(const F& f) {
  try {
    f();
  } catch (const sf::NonFinite& error) {
    return error.what();
  }
  return {};
}

/// Trains into the fault, keeping the run every so many steps, and checks what is said and what is left.
void check_fault(const AnyNet& network, Fault fault, sf::Index every, const std::vector<std::string>& says) {
  const sf::TrainingOptions options{.steps = 9, .batch_size = 20, .seed = 3};
  auto model = model_of(network);
  auto data = data_of(model);
  for (const auto& piece : network.layout().pieces())
    if (piece.name == fault.place) fault.first = piece.offset, fault.count = piece.size();
  if (!fault.place.empty()) REQUIRE(fault.count > 1);
  sf::Matrix<float> u(1, 1);
  sf::Random(options.seed, "training time").uniform(sf::view(u), fault.column, Fault::step);
  fault.u = u(0, 0);
  sf::Minibatches batches(60, 20, options.seed);
  const sf::Index sample = batches.indices(Fault::step)[static_cast<std::size_t>(fault.column)];
  const auto name_sample = [&](std::string message) {
    if (const auto at = message.find("SAMPLE"); at != message.npos) message.replace(at, 6, sf::text(sample));
    return message;
  };

  const sf::Trainer trainer{FaultyLoss{{.times = {&fault}}}, FaultyOptimizer{{}, &fault}, FaultyRate{&fault}};
  const test::Folder folder("recorder");
  const auto path = folder.path / "run.safetensors", good = folder.path / "good.safetensors";
  const sf::Checkpoint checkpoint{path, every};

  // As memory is overwritten: the data of a run are not to change under it.
  const auto damage = [&](const sf::Progress<float>& progress) {
    if (progress.step != Fault::step) return;
    if (fault.part == Part::data) const_cast<sf::Matrix<float>&>(data.samples())(fault.row, sample) = fault.value;
    if (fault.part == Part::condition)
      const_cast<sf::Matrix<float>&>(data.conditions())(fault.row, sample) = fault.value;
  };
  const auto before = model.parameters();
  const auto message = recorded([&] { trainer.fit(model, data, options, sf::Checkpoint{path, every}, damage); });
  CAPTURE(message);
  for (const auto& part : says) CHECK_THAT(message, contains(name_sample(part)));
  CHECK((model.parameters() == before));

  // The last state that was to be kept before the step that failed is what a run that was stopped there leaves.
  const sf::Index failed = message.starts_with("training step 4:") ? 4 : 5;
  const sf::Index last = (failed - 1) / every * every;
  CHECK(checkpoint.kept().step == last);
  {
    auto other = model_of(network);
    const auto stop = [&](const sf::Progress<float>& progress) {
      return progress.step == last ? sf::Next::pause : sf::Next::proceed;
    };
    const auto whole = data_of(other);
    if (last > 0) {
      trainer.fit(other, whole, options, sf::Checkpoint{good}, stop);
      CHECK((test::bytes_of(good) == test::bytes_of(path)));
    }
  }
  const auto kept = test::bytes_of(path);
  CHECK(recorded([&] { trainer.replay(model, data, options, checkpoint); }) == message);
  CHECK((test::bytes_of(path) == kept));
  CHECK((model.parameters() == before));
}

struct FaultyNet {
  AnyNet network;
  std::string first, inner, inner_layer;  // pieces, and the layer of the second
};

}  // namespace

TEST_CASE("every fault in a run is named, and replayed from the last good state", "[faults]") {
  const FaultyNet nets[] = {
      {sf::DynamicMlp<float>(2, {16, 16}), "hidden.0.weight", "hidden.1.weight", "hidden.1"},
      {sf::ResidualMlp<float>(2, {.width = 12, .blocks = 2, .embedding = 8, .condition = 2}), "body.0.weight",
       "body.1.0.first.weight", "body.1.0"},
      {sf::UNet<float>({.height = 4, .width = 4, .channels = 1}, {.widths = {4, 4}, .groups = 2, .embedding = 8}),
       "time.1.weight", "body.3.inner.1.first.weight", "body.3.inner.1"},
  };
  int cases = 0;
  for (const FaultyNet& net : nets) {
    const auto& network = net.network;
    const auto &first = net.first, &inner = net.inner, &inner_layer = net.inner_layer;
    CAPTURE(network.settings());
    const sf::Index d = network.dimension();
    const auto check = [&](const Fault& fault, const std::vector<std::string>& says) {
      CAPTURE(static_cast<int>(fault.part), fault.value, fault.place);
      // Kept after the step before, after the one before that, and at the start.
      const bool in_place = fault.part == Part::data || fault.part == Part::condition;  // since it is for ever
      const sf::Index every = cases % 3 == 0 ? 1 : cases % 3 == 1 ? 3 : 100;
      check_fault(network, fault, in_place && every == 100 ? 3 : every, says);
      ++cases;
    };
    const std::string loss = "training step 5: expected a finite loss, got ";
    const std::string gradient = "training step 5: expected a finite gradient, got one that overflows, ";
    const std::string update = "training step 4: expected finite parameters after the update, got ";
    for (const float value : {not_a_number, infinite, -infinite})
      check({.part = Part::data, .value = value, .column = 7, .row = d - 1},
            {loss, " for sample SAMPLE, column 7 of the batch, at time 0.",
             sf::text(", whose data were changed to ", value, " in row ", d - 1)});
    check({.part = Part::data, .value = 1e30f, .column = 19, .row = 1},
          {loss, " for sample SAMPLE, column 19 of the batch", ", with up to 1e+30 in row 1"});
    // Its loss is 1e24, and the square of its gradient is none.
    if (d == 2)  // the U-Net normalises, which keeps it small
      check({.part = Part::data, .value = -1e12f, .column = 0, .row = 0},
            {gradient, " for sample SAMPLE, column 0 of the batch", ", with up to -1e+12 in row 0"});
    if (network.condition_size() > 0)
      for (const float value : {not_a_number, infinite, 1e30f})
        check({.part = Part::condition, .value = value, .column = 4, .row = 1},
              {loss, " for sample SAMPLE, column 4 of the batch", sf::text(", given up to ", value, " in row 1")});

    for (const auto& piece : {first, inner}) {
      for (const float value : {not_a_number, -infinite})
        check({.part = Part::weights, .value = value, .place = piece},
              {sf::text(update, value, ", ", piece, " (0, 0), at a learning rate of 0.01")});
      check({.part = Part::weights, .value = 3e38f, .place = piece},
            {loss, " for sample ", sf::text(", with parameters up to 3e+38, ", piece, " (0, 0)")});
    }
    check({.part = Part::weights, .value = 3e38f, .place = inner},
          {loss, sf::text(" of layer ", inner_layer, ", with parameters")});

    for (const float value : {not_a_number, infinite, 1e30f})
      check({.part = Part::gradient, .value = value, .column = 11, .place = inner},
            {sf::text(gradient, "the largest share of which is ", value, " by ", inner, " (1, 0) for sample SAMPLE, ",
                      "column 11 of the batch")});
    for (const float value : {not_a_number, infinite, -infinite})
      check({.part = Part::loss, .value = value, .column = 13},
            {sf::text(loss, value, " for sample SAMPLE, column 13 of the batch, at time 0.")});
    for (const float value : {not_a_number, -0.005f})
      check({.part = Part::time, .value = value, .column = 2},
            {loss, sf::text(" for sample SAMPLE, column 2 of the batch, at time ", value, ", ")});
    for (const float value : {not_a_number, infinite, -infinite})
      check({.part = Part::rate, .value = value}, {update, sf::text(", at a learning rate of ", value, ';')});
    // Far too large, and finite.
    check({.part = Part::rate, .value = 1e38f},
          {loss, ", with parameters up to ", ", after a learning rate of 1e+36;"});
  }
  CAPTURE(cases);
  CHECK(cases >= 50);
}

TEST_CASE("a run without a fault is replayed to its end, and with other data it says so", "[faults]") {
  const Fault fault;
  const sf::Trainer trainer{FaultyLoss{{.times = {&fault}}}, FaultyOptimizer{{}, &fault}, FaultyRate{&fault}};
  const sf::TrainingOptions options{.steps = 9, .batch_size = 20, .seed = 3};
  const test::Folder folder("recorder_sound");
  const sf::Checkpoint checkpoint{folder.path / "run.safetensors", 4};
  auto model = model_of(sf::DynamicMlp<float>(2, {16, 16}));
  const auto data = data_of(model);
  trainer.fit(model, data, options, sf::Checkpoint{checkpoint},
              [](const sf::Progress<float>& p) { return p.step == 6 ? sf::Next::pause : sf::Next::proceed; });
  const auto before = model.parameters();
  CHECK_NOTHROW(trainer.replay(model, data, options, checkpoint));
  CHECK((model.parameters() == before));
  const sf::Dataset<float> other(sf::Matrix<float>(data.samples() * 0.9f));
  CHECK_THROWS_AS(trainer.replay(model, other, options, checkpoint), sf::InvalidArgument);
  CHECK_THROWS_WITH(trainer.replay(model, other, options, checkpoint), contains("expected data of fingerprint "));
  CHECK(checkpoint.kept().step == 6);
}

namespace {

/// Row 1 of column 2 of each chunk is no number any more below time 0.5.
struct BreaksBelowHalf : VelocityModel {
  void denoise(const sf::NoisyBatch<float>& batch, sf::MatrixView<float> out, Workspace& w) const {
    VelocityModel::denoise(batch, out, w);
    if (batch.t(0) < 0.5f) out(1, 2) = not_a_number;
  }
};

}  // namespace

TEST_CASE("samples that are not finite are named with the time at which they are so first", "[faults]") {
  const BreaksBelowHalf model{model_of(sf::DynamicMlp<float>(2, {16, 16}))};
  const auto draw = [](const auto& from, const sf::SampleOptions& options) {
    return recorded([&] { sf::sample(from, sf::Ddim{.steps = 5}, 4, sf::Seed{1}, options); });
  };
  CHECK(draw(static_cast<const VelocityModel&>(model), {}).empty());
  for (const std::int64_t first : {0, 100})
    CHECK_THAT(draw(model, {.first = first}),
               contains(sf::text("sample: expected finite samples, got nan in row 1 of sample ", first + 2,
                                 ", after the step from time ")));
}
