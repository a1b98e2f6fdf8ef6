#include "scorefield/file/model.hpp"

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "scorefield/file/any_model.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/sample.hpp"

#include "file/models.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
namespace fs = std::filesystem;
namespace test = scorefield::test;
using scorefield::test::contains;

namespace {

template <class Model>
auto draws_of(const Model& model) {
  using Scalar = typename Model::Scalar;
  sf::Matrix<Scalar> seen(model.condition_size(), 3);
  seen.setConstant(Scalar(-19));
  return sf::sample(model, sf::Ddim{.steps = 3}, 3, sf::Seed{4}, {.condition = seen});
}

/// That a model that comes back is the same to the last bit.
template <class Model, class Loaded>
void check_same(const Model& model, const Loaded& loaded) {
  CHECK(loaded.parameters() == model.parameters());
  CHECK(loaded.trained_on() == model.trained_on());
  CHECK(loaded.sde().settings() == model.sde().settings());
  CHECK(loaded.network().settings() == model.network().settings());
  CHECK(loaded.prediction().settings() == model.prediction().settings());
  const auto test = sf::detail::self_test_of(model);
  CHECK(!test.denoised.isZero());
  CHECK(sf::detail::self_test_of(loaded).denoised == test.denoised);
}

/// Through a file and back, as a model of its own type and as any. That samples are the same, too, is asked of some,
/// for drawing takes time to compile.
template <bool Draws = true, class Model>
void check_comes_back(const Model& model) {
  CAPTURE(model.network().settings(), model.prediction().settings());
  const test::Folder folder("model_back");
  const auto path = folder.path / "model.safetensors";
  sf::save(path, model);
  const auto loaded = sf::load<Model>(path);
  const auto any = sf::load_any<float>(path);
  check_same(model, loaded);
  check_same(model, any);
  if constexpr (Draws) {
    const auto samples = draws_of(model);
    CHECK(draws_of(loaded) == samples);
    CHECK(draws_of(any) == samples);
  }
}

}  // namespace

TEST_CASE("a model of any network, prediction and units comes back to the last bit", "[file]") {
  using Any = sf::AnyModel<float>;
  const sf::AnySde<float> sde(sf::VariancePreserving<float>{});
  const auto data = test::data_with_conditions<float>();
  const auto units = sf::Units<float>::fit(data);
  const sf::AnyNetwork<float> small(sf::DynamicMlp<float>(3, {8, 6}, {.condition = 2}));
  const auto checks = [&](const sf::AnyNetwork<float>& network, const sf::AnyPrediction<float>& prediction,
                          const sf::Units<float>& in) {
    check_comes_back(test::randomised(Any(sde, network, prediction, in, sf::Seed{0})));
  };
  checks(small, sf::ScorePrediction{}, {});
  checks(small, sf::NoisePrediction{}, {});
  checks(small, sf::DataPrediction{}, {});
  checks(small, sf::FlowVelocityPrediction{}, {});
  checks(small, sf::EdmPreconditioning{0.75}, {});
  checks(small, test::some_correction<float>(), {});
  checks(small, sf::VelocityPrediction{}, units);
  checks(small, test::some_correction<float>(sf::Covariance::full), units);
  const auto network = [&](const auto& of) { checks(of, sf::VelocityPrediction{}, {}); };
  network(sf::DynamicMlp<float, sf::SiLU>(2, {5}));
  network(sf::DynamicMlp<float, sf::ReLU>(2, {5, 4}));
  network(sf::DynamicMlp<float, sf::Softplus>(1, {5}));
  network(sf::DynamicMlp<float, sf::Tanh>(2, {5}));
  network(sf::DynamicMlp<float, sf::Identity>(2, {5}));
  network(sf::ResidualMlp<float>(4, {.width = 8, .blocks = 1, .embedding = 8}));
  network(sf::UNet<float>({.height = 5, .width = 4, .channels = 2},
                          {.widths = {4, 8}, .fold = 2, .blocks = 2, .groups = 2, .heads = 2, .embedding = 8}));
  network(sf::UNet<float>({.height = 1, .width = 9, .channels = 2},
                          {.widths = {4, 4}, .kernel = 5, .groups = 2, .embedding = 8, .condition = 3}));
}

TEST_CASE("a model that has learnt nothing comes back as one", "[file]") {
  const sf::AnyModel<float> model(sf::VariancePreserving<float>{}, sf::DynamicMlp<float>(2, {3}), sf::ScorePrediction{},
                                  sf::Seed{0});
  const test::Folder folder("model_untrained");
  const auto path = folder.path / "model.safetensors";
  sf::save(path, model);
  CHECK(sf::load_any<float>(path).trained_on() == 0);
}

namespace {

template <sf::Real Scalar>
std::vector<sf::AnySde<Scalar>> equations_of_files() {
  using Cosine = sf::CosineSchedule<Scalar>;
  using Sigmoid = sf::SigmoidSchedule<Scalar>;
  const Sigmoid sigmoid({.temperature = Scalar(0.7)});
  return {sf::AnySde<Scalar>(sf::VariancePreserving{sf::LinearSchedule<Scalar>{Scalar(0.2), 15}}),
          sf::AnySde<Scalar>(sf::VariancePreserving{Cosine{-5}}),
          sf::AnySde<Scalar>(sf::VariancePreserving{sigmoid}),
          sf::AnySde<Scalar>(sf::VariancePreserving{sf::ShiftedSchedule{Cosine{}, Scalar(-0.7)}}),
          sf::AnySde<Scalar>(sf::VariancePreserving{sf::ShiftedSchedule{sf::LinearSchedule<Scalar>{}, Scalar(1)}}),
          sf::AnySde<Scalar>(sf::SubVariancePreserving<Scalar>{}),
          sf::AnySde<Scalar>(sf::SubVariancePreserving{Cosine{}}),
          sf::AnySde<Scalar>(sf::SubVariancePreserving{sf::ShiftedSchedule{sigmoid, Scalar(0.5)}}),
          sf::AnySde<Scalar>(sf::VarianceExploding<Scalar>{Scalar(0.02), 30}),
          sf::AnySde<Scalar>(sf::EdmEquation<Scalar>{70}),
          sf::AnySde<Scalar>(sf::RectifiedFlow<Scalar>{})};
}

}  // namespace

TEST_CASE("a model of any equation comes back to the last bit", "[file]") {
  for (const auto& sde : equations_of_files<float>()) {
    CAPTURE(sde.settings());
    const sf::AnyNetwork<float> network(sf::DynamicMlp<float>(3, {8, 6}, {.condition = 2}));
    check_comes_back<false>(
        test::randomised(sf::AnyModel<float>(sde, network, sf::VelocityPrediction{}, sf::Units<float>{}, sf::Seed{0})));
  }
}

// load_any<double> compiles every network once more: tests/likelihood/trace.cpp, which has most of them, calls it.
TEST_CASE("a model of doubles comes back to the last bit, under any equation", "[file]") {
  using Correction = sf::LinearDenoiserCorrection<double>;
  using Model = sf::ScoreModel<sf::AnySde<double>, sf::DynamicMlp<double>, Correction>;
  const test::Folder folder("model_doubles");
  const auto path = folder.path / "model.safetensors";
  for (const auto& correction : {test::some_correction<double>(), test::some_correction<double>(sf::Covariance::full)})
    for (const auto& sde : equations_of_files<double>()) {
      CAPTURE(sde.settings(), correction.settings());
      const auto model =
          test::randomised(Model(sde, sf::DynamicMlp<double>(3, {8, 6}, {.condition = 2}), correction, sf::Seed{0}));
      sf::save(path, model);
      check_same(model, sf::load<Model>(path));
    }
  CHECK_THROWS_WITH(sf::load<test::TypedModel<float>>(path), contains("scalar: expected F32, got F64"));
}

TEST_CASE("models of known types come back as these and as any", "[file]") {
  check_comes_back(test::typed_model<float>());
  check_comes_back<false>(
      test::randomised(sf::ScoreModel{sf::VariancePreserving<float>{}, sf::Mlp<float, 2, 8, 8>{}, sf::Seed{0}}));
}

TEST_CASE("the tutorial's U-Net comes back", "[file]") {
  const test::Folder folder("model_tutorial");
  const auto path = folder.path / "model.safetensors";
  const sf::AnyModel<float> model(sf::VariancePreserving<float>{}, sf::TutorialUNet<float>{}, sf::NoisePrediction{},
                                  sf::Seed{0});
  sf::save(path, model);
  CHECK(sf::load_any<float>(path).parameters() == model.parameters());
}

TEST_CASE("a model that was loaded as any is saved in the same bytes", "[file]") {
  const test::Folder folder("model_again");
  const auto first = folder.path / "first", second = folder.path / "second";
  sf::save(first, test::typed_model<float>());
  sf::save(second, sf::load_any<float>(first));
  CHECK((test::bytes_of(first) == test::bytes_of(second)));
}

TEST_CASE("a program's notes are kept beside a model", "[file]") {
  const test::Folder folder("model_notes");
  const auto path = folder.path / "model.safetensors", plain = folder.path / "plain";
  const sf::Notes notes{{"columns", "Zürich\t\"1\"\n"}, {"", "of no name"}};
  sf::save(path, test::typed_model<float>(), notes);
  CHECK(sf::read_notes(path) == notes);
  CHECK(sf::load<test::TypedModel<float>>(path).parameters() == test::typed_model<float>().parameters());
  CHECK_THROWS_AS(sf::save(path, test::typed_model<float>(), {{"bytes", "\xFF"}}), sf::InvalidArgument);
  CHECK(sf::read_notes(path) == notes);
  sf::save(plain, test::typed_model<float>());
  CHECK(sf::read_notes(plain).empty());

  auto tensors = sf::read_safetensors(path);
  tensors.metadata.at("note columns") = "Bern";
  sf::write_safetensors(path, tensors);
  CHECK_THROWS_WITH(sf::load<test::TypedModel<float>>(path), contains("fingerprint"));
  tensors.metadata.at("holds") = "something else";
  sf::write_safetensors(path, tensors);
  CHECK_THROWS_WITH(sf::read_notes(path), contains("something else"));
}

namespace {

/// A file of typed_model, to be changed.
struct Kept {
  test::Folder folder{"model_kept"};
  fs::path path = folder.path / "model.safetensors";

  Kept() { sf::save(path, test::typed_model<float>()); }

  /// Puts other text in place of a piece of what the file says of itself.
  void change_text(const std::string& key, const std::string& piece, const std::string& other) const {
    auto tensors = sf::read_safetensors(path);
    auto& text = tensors.metadata.at(key);
    const auto at = text.find(piece);
    REQUIRE(at != text.npos);
    text.replace(at, piece.size(), other);
    sf::write_safetensors(path, tensors);
  }

  /// As one who changes a file on purpose might do.
  void renew_fingerprint() const {
    auto tensors = sf::read_safetensors(path);
    tensors.metadata.at("fingerprint") = sf::detail::fingerprint_text(tensors);
    sf::write_safetensors(path, tensors);
  }

  /// Both ways of loading refuse the file by a FileError that names it and what differs.
  void check_refused(const std::string& what) const {
    CHECK_THROWS_AS(sf::load<test::TypedModel<float>>(path), sf::FileError);
    CHECK_THROWS_WITH(sf::load<test::TypedModel<float>>(path), contains(path.string()) && contains(what));
    check_refused_as_any(what);
  }
  void check_refused_as_any(const std::string& what) const {
    CHECK_THROWS_AS(sf::load_any<float>(path), sf::FileError);
    CHECK_THROWS_WITH(sf::load_any<float>(path), contains(path.string()) && contains(what));
  }
};

}  // namespace

TEST_CASE("a model of another type is refused by what differs", "[file]") {
  const Kept kept;
  using Static = sf::ScoreModel<sf::VariancePreserving<float>, sf::Mlp<float, 2, 8, 8>>;
  CHECK_THROWS_AS(sf::load<Static>(kept.path), sf::FileError);
  CHECK_THROWS_WITH(sf::load<Static>(kept.path), contains("network: expected Mlp{dimension 2, widths 8 8, ") &&
                                                     contains("got ResidualMlp{") && contains(kept.path.string()));

  const auto path = kept.folder.path / "mlp.safetensors";
  const auto refused = [&](const sf::AnyNetwork<float>& network, const sf::AnyPrediction<float>& prediction,
                           const std::string& what) {
    sf::save(path, sf::AnyModel<float>(sf::VariancePreserving<float>{}, network, prediction, sf::Seed{0}));
    CHECK_THROWS_WITH(sf::load<Static>(path), contains(what));
    CHECK_THROWS_WITH(sf::load<test::TypedModel<float>>(path), contains("expected settings of ResidualMlp, got Mlp{"));
  };
  const sf::DynamicMlp<float> right(2, {8, 8});
  refused(sf::DynamicMlp<float, sf::Tanh>(2, {8, 8}), sf::ScorePrediction{},
          "activation LogSigmoid, condition 0}, got Mlp{dimension 2, widths 8 8, activation Tanh");
  refused(sf::DynamicMlp<float>(2, {8, 9}), sf::ScorePrediction{}, "got Mlp{dimension 2, widths 8 9, ");
  refused(right, sf::NoisePrediction{}, "prediction: expected ScorePrediction{}, got NoisePrediction{}");
  const auto units = sf::Units<float>::fit(sf::Matrix<float>(sf::Matrix<float>::Random(2, 9)));
  sf::save(path,
           sf::AnyModel<float>(sf::VariancePreserving<float>{}, right, sf::ScorePrediction{}, units, sf::Seed{0}));
  CHECK_THROWS_WITH(sf::load<Static>(path), contains("units: expected none, got those of the data"));
}

TEST_CASE("a file whose parts were changed is refused by what is wrong", "[file]") {
  const Kept kept;
  const auto change = [&](const std::string& of, const auto& how) {
    bool found = false;
    test::change_tensors(kept.path, [&](const std::string& name, sf::Tensor tensor) -> std::optional<sf::Tensor> {
      if (name != of) return tensor;
      found = true;
      return how(std::move(tensor));
    });
    REQUIRE(found);
  };
  // A float of a tensor times a factor.
  const auto scale = [&](std::size_t at, float factor) {
    return [=](sf::Tensor tensor) {
      float number = 0;
      std::memcpy(&number, tensor.bytes.data() + at * sizeof(number), sizeof(number));
      number *= factor;
      std::memcpy(tensor.bytes.data() + at * sizeof(number), &number, sizeof(number));
      return std::optional(std::move(tensor));
    };
  };
  const auto none = [](const sf::Tensor&) { return std::optional<sf::Tensor>(); };

  SECTION("a tensor is missing") {
    change("network.body.1.0.first.bias", none);
    kept.check_refused("network.: expected ");
  }
  SECTION("a tensor is too much") {
    auto tensors = sf::read_safetensors(kept.path);
    tensors.add("network.z", {0}, sf::Vector<float>(0));
    sf::write_safetensors(kept.path, tensors);
    kept.check_refused("tensor \"network.z\" as well");
  }
  SECTION("one is of another shape") {
    change("network.body.0.weight", [](sf::Tensor tensor) {
      std::swap(tensor.shape[0], tensor.shape[1]);
      return std::optional(std::move(tensor));
    });
    kept.check_refused("tensor \"network.body.0.weight\" of type F32 and shape (3, 16), got F32 (16, 3)");
  }
  SECTION("a weight by 1 %") {
    change("network.body.1.1.second.weight", scale(7, 1.01f));
    kept.check_refused("fingerprint: expected ");
  }
  SECTION("a weight by much, and the fingerprint") {
    change("network.body.1.1.second.weight", scale(7, 100));
    kept.renew_fingerprint();
    kept.check_refused("self-test");
  }
  SECTION("a weight is not finite") {
    change("network.body.1.1.second.weight", scale(7, 1e38f * 10));
    kept.check_refused("a model of finite numbers");
  }
  SECTION("what was learnt of the data") {
    change("prediction.deviation", scale(0, 1.001f));
    kept.check_refused("fingerprint: expected ");
  }
  SECTION("an axis") {
    change("prediction.rotation", scale(2, 1.1f));
    kept.check_refused("an orthogonal rotation");
  }
  SECTION("constants are missing") {
    change("prediction.deviation", none);
    kept.check_refused("prediction.: expected ");
  }
  SECTION("there are no units") {
    change("units", none);
    kept.check_refused("fingerprint: expected ");
  }
  SECTION("units are cut off") {
    change("units", [](sf::Tensor tensor) {
      tensor.bytes.resize(tensor.bytes.size() - sizeof(double));
      --tensor.shape[0];
      return std::optional(std::move(tensor));
    });
    kept.check_refused("Units::from_state");
  }
  SECTION("units of another size") {
    const auto state = sf::Units<float>::fit(sf::Matrix<float>(sf::Matrix<float>::Random(2, 9))).state();
    change("units", [&](const sf::Tensor&) {
      sf::Tensors tensors;
      tensors.add("units", {state.size()}, state);
      return std::optional(tensors.all().at("units"));
    });
    kept.check_refused("units of samples of 3 numbers and conditions of 2, as the network has, got 2 and 0");
  }
  SECTION("no self-test") {
    change("self_test.x", none);
    kept.check_refused("fingerprint: expected ");
  }
  SECTION("a self-test of nothing") {
    sf::save(kept.path,
             test::randomised(sf::AnyModel<float>(sf::VariancePreserving<float>{}, sf::DynamicMlp<float>(2, {4}),
                                                  sf::NoisePrediction{}, sf::Seed{0})));
    for (const std::string name : {"self_test.x", "self_test.condition", "self_test.denoised"})
      change(name, [](sf::Tensor tensor) {
        tensor.shape[0] = 0;
        tensor.bytes.clear();
        return std::optional(std::move(tensor));
      });
    kept.renew_fingerprint();
    kept.check_refused_as_any("self-test");
  }
}

TEST_CASE("text that says something else than the numbers is refused", "[file]") {
  struct Change {
    const char *key, *from, *to, *says;
    bool by_load_any = false;  // where load<Model> says it otherwise
  };
  for (const Change& change : {
           Change{"equation", "beta_max 15", "beta_max 14.9", "fingerprint: expected "},
           Change{"equation", "VariancePreserving{", "VarianceExploding{", "VarianceExploding"},
           Change{"network", "width 16", "width 17", "network.: expected "},
           Change{"network", "ResidualMlp", "Residual", "network: expected one of the library's, got Residual", true},
           Change{"prediction", "rotates 1", "rotates 0",
                  "prediction.: expected 6 numbers, as its description says, got 15"},
           Change{"network", "width 16", "depth 1, width 16", "network: expected ResidualMlp{"},
           Change{"network", "ResidualMlp{", "", "ReadSettings"},
       }) {
    CAPTURE(change.key, change.to);
    const Kept kept;
    kept.change_text(change.key, change.from, change.to);
    if (change.by_load_any)
      kept.check_refused_as_any(change.says);
    else
      kept.check_refused(change.says);
  }
}

TEST_CASE("what holds no model is refused as one", "[file]") {
  const Kept kept;
  SECTION("a run in place of a model") {
    kept.change_text("holds", "scorefield model", "scorefield run");
    kept.check_refused("expected a scorefield model in " + kept.path.string() +
                       ", got a file that holds scorefield run");
  }
  SECTION("tensors that say nothing") {
    sf::write_safetensors(kept.path, {});
    kept.check_refused("a file that holds nothing");
  }
  SECTION("no such file at all") {
    test::put(kept.path, "once upon a time");
    kept.check_refused("read_safetensors");
    fs::remove(kept.path);
    kept.check_refused("No such file");
  }
}

TEST_CASE("sizes that nobody means are refused before memory is asked for", "[file]") {
  const Kept kept;
  const auto tensors = sf::read_safetensors(kept.path);
  const auto residual = [](const char* dimension, const char* width, const char* blocks, const char* embedding) {
    return sf::text("ResidualMlp{dimension ", dimension, ", width ", width, ", blocks ", blocks, ", embedding ",
                    embedding, ", condition 2}");
  };
  const auto unet = [](const char* widths, const char* blocks, const char* groups) {
    return sf::text("UNet{height 1, width 3, channels 1, widths ", widths, ", fold 1, kernel 3, blocks ", blocks,
                    ", groups ", groups, ", heads 0, embedding 65536, condition 2}");
  };
  const auto mlp = [](const char* dimension, const std::string& widths) {
    return sf::text("Mlp{dimension ", dimension, ", widths ", widths, ", activation SiLU, condition 2}");
  };
  std::string deep = "1";
  for (int i = 0; i < 100'000; ++i) deep += " 1";
  const std::pair<const char*, std::string> texts[] = {
      {"network", residual("3", "1000000", "2", "8")},
      {"network", residual("3", "1048576", "2", "1048576")},
      {"network", residual("3", "1048577", "2", "8")},
      {"network", residual("3", "16", "1000000", "8")},
      {"network", residual("0", "16", "2", "8")},
      {"network", residual("1000000", "16", "2", "8")},
      {"network", residual("3", "0", "2", "8")},
      {"network", residual("3", "16", "0", "8")},
      {"network", residual("-3", "16", "2", "8")},
      {"network", residual("99999999999999999999", "16", "2", "8")},
      {"network", mlp("3", "1000000 1000000 1000000")},
      {"network", mlp("3", deep)},
      {"network", mlp("3", "")},
      {"network", mlp("0", "16")},
      {"network", unet("60000 60000", "1", "8")},
      {"network", unet("8", "60000", "8")},
      {"network", unet(deep.c_str(), "1", "1")},
      {"network", unet("8", "1", "0")},
      {"prediction", "LinearDenoiserCorrection{dimension 1000000, rotates 1}"},
      {"prediction", "LinearDenoiserCorrection{dimension 1000000000, rotates 0}"},
      {"prediction", "LinearDenoiserCorrection{dimension 0, rotates 1}"},
  };
  for (const auto& [key, text] : texts) {
    CAPTURE(text.substr(0, 100));
    auto changed = tensors;
    changed.metadata.at(key) = text;
    sf::write_safetensors(kept.path, changed);
    // A list of 100,000 sizes is text of 200 KB, of which each may take some 200 bytes; else there is no reason to ask
    // for more than some hundred small blocks.
    const bool list = text.size() > 1000;
    std::int64_t blocks =
        test::count_allocations([&] { CHECK_THROWS_AS(sf::load_any<float>(kept.path), sf::FileError); });
    if (!list) CHECK(blocks < 2000);
    if (key == std::string("network") && text.starts_with("ResidualMlp"))
      CHECK_THROWS_AS(sf::load<test::TypedModel<float>>(kept.path), sf::FileError);
  }
}

#ifdef __linux__
TEST_CASE("a model that cannot be written leaves the old one", "[file]") {
  const Kept kept;
  const auto before = test::bytes_of(kept.path);
  const auto model = test::typed_model<float>();
  CHECK_THROWS_AS(sf::save(kept.path / "below a file", model), sf::FileError);
  CHECK_THROWS_AS(sf::save("/dev/full", model), sf::FileError);
  CHECK((test::bytes_of(kept.path) == before));
  CHECK(kept.folder.entries() == 1);
}
#endif

namespace {

/// A network of a program's own, which tells its settings.
struct Halving : sf::DynamicMlp<float, sf::ReLU> {
  sf::Index width;

  explicit Halving(sf::Index of) : DynamicMlp(3, {of, of / 2}, {.condition = 2}), width(of) {}

  std::string settings() const { return sf::settings_text("Halving", {{"width", width}}); }
  static Halving from_settings(const sf::ReadSettings& settings) {
    return Halving(settings.of("Halving").get<sf::Index>("width", 100));
  }
};

}  // namespace

TEST_CASE("a model with a network of one's own is kept, too", "[file]") {
  const test::Folder folder("model_own");
  const auto path = folder.path / "model.safetensors";
  using Own = sf::ScoreModel<sf::VariancePreserving<float>, Halving>;
  const auto own = test::randomised(Own(sf::VariancePreserving<float>{}, Halving(10), sf::Seed{0}));
  sf::save(path, own);
  check_same(own, sf::load<Own>(path));
  CHECK_THROWS_WITH(sf::load_any<float>(path), contains("expected one of the library's, got Halving"));
}
