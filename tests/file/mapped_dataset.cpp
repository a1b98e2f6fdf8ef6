#include "scorefield/file/mapped_dataset.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <mutex>
#include <numeric>
#include <string>
#include <vector>

#include "scorefield/data/subset.hpp"
#include "scorefield/data/units.hpp"
#include "scorefield/file/npy.hpp"
#include "scorefield/model/score_model.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/objective/coupling/optimal_transport_coupling.hpp"
#include "scorefield/objective/denoising_score_matching.hpp"
#include "scorefield/optimizer/adam.hpp"
#include "scorefield/sde/variance_preserving.hpp"
#include "scorefield/training/trainer.hpp"

#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"
#include "support/gradient_check.hpp"
#include "support/thread_ranks.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;

namespace {

/// An array of NumPy's with a header of 128 bytes.
std::string npy_bytes(const std::string& type, const std::string& shape, const std::string& numbers,
                      const std::string& fortran_order = "False") {
  std::string header = "{'descr': '" + type + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape + ", }";
  header.resize(117, ' ');
  return std::string("\x93NUMPY\x01\x00\x76\x00", 10) + header + '\n' + numbers;
}

/// n samples of 3 grey levels.
std::string grey_levels(sf::Index n) {
  std::string all;
  for (sf::Index i = 0; i < 3 * n; ++i) all += static_cast<char>(i * 37 % 256);
  return npy_bytes("|u1", "(" + std::to_string(n) + ", 3)", all);
}

template <class Scalar>
sf::Matrix<Scalar> all_of(const sf::TrainingData<Scalar>& data) {
  std::vector<sf::Index> of(static_cast<std::size_t>(data.size()));
  std::iota(of.begin(), of.end(), sf::Index{0});
  sf::Matrix<Scalar> samples(data.dimension(), data.size());
  data.fetch_samples(of, sf::view(samples));
  return samples;
}

/// 3 x 600 samples with conditions of 2 numbers, some not given, in units of their own; in memory and in files.
struct Mapped {
  Mapped() {
    sf::write_npy(folder.path / "all.npy", samples);
    sf::write_npy(folder.path / "a.npy", samples.leftCols(17));
    sf::write_npy(folder.path / "b.npy", samples.middleCols(17, 400));
    sf::write_npy(folder.path / "c.npy", samples.rightCols(183));
    sf::write_npy(folder.path / "given.npy", conditions);
    sf::write_npy(folder.path / "given_a.npy", conditions.leftCols(300));
    sf::write_npy(folder.path / "given_b.npy", conditions.rightCols(300));
  }

  static sf::Matrix<float> of_conditions() {
    sf::Matrix<float> c = 10 * test::normals<float>(2, 600, "conditions").array() + 3;
    for (sf::Index j = 0; j < 600; j += 7) c.col(j).setConstant(std::numeric_limits<float>::quiet_NaN());
    return c;
  }

  test::Folder folder{"mapped"};
  sf::Matrix<float> samples = 5 * test::normals<float>(3, 600, "samples").array() - 20;
  sf::Matrix<float> conditions = of_conditions();
};

/// One type of model and one of trainer for each objective, since a run takes seconds to compile.
using UnitsModel =
    sf::ScoreModel<sf::VariancePreserving<float>, sf::ResidualMlp<float>, sf::ScorePrediction, sf::Units<float>>;

UnitsModel model_for(const sf::TrainingData<float>& data, const sf::Units<float>& units) {
  return {sf::VariancePreserving<float>{},
          sf::ResidualMlp<float>{3, {.width = 32, .blocks = 1, .condition = data.condition_size()}},
          sf::ScorePrediction{}, units, sf::Seed{1}};
}

template <class Objective = sf::DenoisingScoreMatching<>>
auto trainer_over(sf::Communicator* communicator = nullptr) {
  return sf::Trainer{Objective{}, sf::Adam{}}.over(communicator);
}

/// The parameters after some steps of a model that has the units of a subset.
template <class Objective = sf::DenoisingScoreMatching<>>
sf::Vector<float> trained_on(const sf::TrainingData<float>& data, sf::Communicator* communicator = nullptr) {
  auto model = model_for(data, sf::Units<float>::fit(sf::subset(data, 500, 1)));
  const auto before = model.parameters();
  const auto trainer = trainer_over<Objective>(communicator);
  trainer.fit(model, data, {.steps = 7, .batch_size = 250, .threads = 2});
  if (model.parameters() == before) throw std::runtime_error("nothing was learnt");
  return model.parameters();
}

}  // namespace

TEST_CASE("samples of mapped files are those that read_npy reads, of any type and number of files", "[io]") {
  const test::Folder folder("mapped_types");
  const auto bytes = folder.path / "bytes.npy", shorts = folder.path / "shorts.npy", cut = folder.path / "image.npy";
  test::put(bytes, grey_levels(5));
  test::put(shorts, npy_bytes("<i2", "(2, 3)", std::string("\x01\x00\xFF\xFF\x00\x02\x05\x00\x00\x80\x07\x00", 12)));
  test::put(cut, npy_bytes("|u1", "(2, 1, 3)", "abcdef"));
  const sf::MappedDataset<float> data{{bytes, shorts, cut}};
  REQUIRE(data.dimension() == 3);
  REQUIRE(data.size() == 9);
  CHECK(data.condition_size() == 0);
  CHECK(data.in_memory() == nullptr);
  sf::Matrix<float> expected(3, 9);
  expected << sf::read_npy<float>(bytes), sf::read_npy<float>(shorts), sf::read_npy<float>(cut);
  CHECK(all_of(data) == expected);
  CHECK(expected.col(6) == sf::Vector<float>{{5, -32768, 7}});

  const sf::MappedDataset<float> scaled{{bytes, shorts, cut}, {.scale = 1.0f / 255}};
  CHECK(all_of(scaled) == expected * (1.0f / 255));

  const sf::Matrix<double> numbers = test::normals<double>(4, 9, "numbers");
  sf::write_npy(folder.path / "doubles.npy", numbers);
  CHECK(all_of(sf::MappedDataset<double>{{folder.path / "doubles.npy"}}) == numbers);
  CHECK(all_of(sf::MappedDataset<float>{{folder.path / "doubles.npy"}}) == numbers.cast<float>());
}

TEST_CASE("what was let go is read again, with the same bits", "[io]") {
  const Mapped mapped;
  const sf::MappedDataset<float> data{{mapped.folder.path / "a.npy", mapped.folder.path / "b.npy"}};
  bool same = true;
  for (int pass = 0; pass < 50; ++pass) same = same && all_of(data) == mapped.samples.leftCols(417);
  CHECK(same);
}

TEST_CASE("training on mapped files has the bits of training on data in memory, on any number of ranks", "[io]") {
  const Mapped mapped;
  const auto& folder = mapped.folder.path;
  const sf::MappedDataset<float> one{{folder / "all.npy"}, {.conditions = {folder / "given.npy"}}};
  const sf::MappedDataset<float> many{{folder / "a.npy", folder / "b.npy", folder / "c.npy"},
                                      {.conditions = {folder / "given_a.npy", folder / "given_b.npy"}}};
  const sf::Dataset<float> data{mapped.samples, mapped.conditions};
  const auto expected = trained_on(data);
  CHECK(trained_on(one) == expected);
  CHECK(trained_on(many) == expected);
  for (const int size : {2, 3, 4}) {
    CAPTURE(size);
    std::mutex checking;
    for (const auto& message : test::on_ranks(size, [&](sf::Communicator& communicator) {
           const auto got = trained_on(many, &communicator);
           const std::scoped_lock lock(checking);
           CHECK(got == expected);
         }))
      CHECK(message == "");
  }
}

TEST_CASE("so it has on grey levels, and where an objective chooses the order of a batch", "[io]") {
  const test::Folder folder("mapped_grey_levels");
  test::put(folder.path / "grey.npy", grey_levels(700));
  const sf::MappedDataset<float> mapped{{folder.path / "grey.npy"}, {.scale = 1.0f / 255}};
  const sf::Dataset<float> data{sf::Matrix<float>(sf::read_npy<float>(folder.path / "grey.npy") * (1.0f / 255))};
  CHECK(trained_on(mapped) == trained_on(data));
  using Coupled = sf::DenoisingScoreMatching<sf::UniformTime, sf::NoiseWeighting, sf::OptimalTransportCoupling>;
  CHECK(trained_on<Coupled>(mapped) == trained_on<Coupled>(data));
  CHECK(trained_on<Coupled>(data) != trained_on(data));
}

TEST_CASE("a step on mapped files allocates nothing after the first", "[io]") {
  const Mapped mapped;
  const auto& folder = mapped.folder.path;
  const sf::MappedDataset<float> data{{folder / "all.npy"}, {.conditions = {folder / "given.npy"}}};
  const auto model = model_for(data, sf::Units<float>::fit(sf::subset(data, 500)));
  const auto trainer = trainer_over();
  auto run = trainer.start(model, data, {.steps = 100, .batch_size = 256, .threads = 2});
  run.advance();
  CHECK(test::count_allocations([&] {
          while (!run.done()) run.advance();
        }) == 0);
}

TEST_CASE("a number that is not finite is refused by file and row, on every rank, at the batch that meets it", "[io]") {
  const Mapped mapped;
  const auto& folder = mapped.folder.path;
  const auto refused = [&](const sf::MappedDataset<float>& data, sf::Communicator* communicator) -> std::string {
    const auto model =
        model_for(data, sf::Units<float>::fit(sf::Dataset<float>(mapped.samples.leftCols(100).eval(),
                                                                 mapped.conditions.leftCols(100).eval())));
    const auto trainer = trainer_over(communicator);
    auto run = trainer.start(model, data, {.epochs = 1, .batch_size = 256, .seed = 3});
    try {
      while (!run.done()) run.advance();
    } catch (const sf::NonFinite& error) {
      if (run.step() == run.steps()) return "after its end";
      return error.what();
    } catch (const sf::InvalidArgument& error) {
      return error.what();
    }
    return "none";
  };
  const auto refused_by_all = [&](const std::string& changed, sf::Matrix<float> numbers, const std::string& message) {
    sf::write_npy(folder / changed, numbers);
    const sf::MappedDataset<float> data{{folder / "a.npy", folder / "b.npy", folder / "c.npy"},
                                        {.conditions = {folder / "given_a.npy", folder / "given_b.npy"}}};
    CHECK_THAT(refused(data, nullptr), test::contains(message));
    for (const int size : {2, 3}) {
      std::vector<std::string> got(static_cast<std::size_t>(size));
      for (const auto& thrown : test::on_ranks(size, [&](sf::Communicator& communicator) {
             got[static_cast<std::size_t>(communicator.rank())] = refused(data, &communicator);
           }))
        CHECK(thrown == "");
      for (const auto& each : got) CHECK_THAT(each, test::contains(message));
    }
  };
  CHECK(refused(sf::MappedDataset<float>{{folder / "all.npy"}, {.conditions = {folder / "given.npy"}}}, nullptr) ==
        "none");
  sf::Matrix<float> b = mapped.samples.middleCols(17, 400);
  b(1, 123) = std::numeric_limits<float>::infinity();
  refused_by_all("b.npy", b,
                 "MappedDataset: expected finite numbers, got inf in column 1 of row 123 of " +
                     (folder / "b.npy").string() + "; remove or repair such rows");
  sf::write_npy(folder / "b.npy", mapped.samples.middleCols(17, 400));
  sf::Matrix<float> given = mapped.conditions.rightCols(300);
  given(0, 299) = std::numeric_limits<float>::quiet_NaN();
  refused_by_all("given_b.npy", given, "got nan in column 0 of row 299 of " + (folder / "given_b.npy").string());
}

TEST_CASE("a number that units do not take is refused by its sample", "[io]") {
  const Mapped mapped;
  const sf::MappedDataset<float> data{{mapped.folder.path / "all.npy"}};
  sf::Matrix<float> seen = mapped.samples;
  seen.row(2).setConstant(4);
  const auto model = model_for(data, sf::Units<float>::fit(seen));
  const auto trainer = trainer_over();
  auto run = trainer.start(model, data, {.steps = 3, .batch_size = 64, .seed = 3});
  sf::Minibatches batches(600, 64, 3);
  CHECK_THROWS_WITH(run.advance(), test::contains("expected the constant 4 in row 2 of samples, got") &&
                                       test::contains("in column " + std::to_string(batches.indices(0)[0])));
  CHECK(run.step() == 0);
}

TEST_CASE("mapped data of another scale than the model's are refused at the start", "[io]") {
  const Mapped mapped;
  const sf::MappedDataset<float> data{{mapped.folder.path / "all.npy"}};
  const auto model = model_for(data, {});
  CHECK_THROWS_WITH(trainer_over().start(model, data, {.steps = 3}), test::contains("data of mean about 0"));
}

TEST_CASE("files that cannot be mapped as data are refused by name", "[io]") {
  const test::Folder folder("mapped_refused");
  const auto good = folder.path / "good.npy", bad = folder.path / "bad.npy";
  test::put(good, grey_levels(4));
  const auto refused = [&](const std::string& bytes) -> std::string {
    test::put(bad, bytes);
    try {
      const sf::MappedDataset<float> data{{good, bad}};
    } catch (const sf::FileError& error) {
      CHECK_THAT(error.what(), test::contains("MappedDataset: expected ") && test::contains(bad.string()));
      return error.what();
    }
    return "nothing";
  };
  CHECK(refused(grey_levels(2)) == "nothing");
  CHECK_THAT(refused(npy_bytes("|u1", "(1, 4)", "abcd")), test::contains("expected samples of 3 numbers, as in ") &&
                                                              test::contains(", got 4; pass files of one data set"));
  CHECK_THAT(refused(npy_bytes("|u1", "(2, 3)", "abcdef", "True")), test::contains("got Fortran order"));
  CHECK_THAT(refused(npy_bytes(">i2", "(1, 3)", "abcdef")), test::contains("in the byte order of this machine"));
  CHECK_THAT(refused(npy_bytes("<c8", "(1, 3)", std::string(24, 0))), test::contains("got '<c8'"));
  CHECK_THAT(refused(npy_bytes("|u1", "(2, 3)", "abcde")), test::contains("the file was cut off"));
  CHECK_THAT(refused(npy_bytes("|u1", "(2, 0)", "")), test::contains("samples of at least one number"));
  CHECK_THAT(refused("no array"), test::contains("does not start like one"));
  CHECK_THROWS_WITH((sf::MappedDataset<float>{{folder.path / "none.npy"}}),
                    test::contains("to read ") && test::contains("none.npy"));
  test::put(bad, npy_bytes("|u1", "(0, 3)", ""));
  CHECK_THROWS_WITH((sf::MappedDataset<float>{{bad}}), test::contains("samples in ") && test::contains("got none"));
  CHECK(sf::MappedDataset<float>({bad, good}).size() == 4);
  CHECK_THROWS_AS(sf::MappedDataset<float>(std::vector<std::filesystem::path>{}), sf::InvalidArgument);
  CHECK_THROWS_WITH((sf::MappedDataset<float>{{good}, {.scale = 0}}), test::contains("a scale that is finite"));
  test::put(bad, grey_levels(5));
  CHECK_THROWS_WITH((sf::MappedDataset<float>{{good}, {.conditions = {bad}}}),
                    test::contains("expected 4 rows of conditions, one for each sample, got 5"));
}

TEST_CASE("mapped data are told apart by their fingerprint", "[io]") {
  const test::Folder folder("mapped_fingerprints");
  const auto a = folder.path / "a.npy", b = folder.path / "b.npy";
  test::put(a, grey_levels(5000));
  test::put(b, grey_levels(5000));
  const auto of = [](const std::vector<std::filesystem::path>& files, const sf::MappedOptions& options = {}) {
    return sf::MappedDataset<float>(files, options).fingerprint();
  };
  CHECK(of({a}) == of({b}));
  CHECK(of({a}) != of({a, b}));
  CHECK(of({a}) != of({a}, {.scale = 2}));
  CHECK(of({a}) != of({a}, {.conditions = {b}}));
  auto bytes = grey_levels(5000);
  bytes.back() = static_cast<char>(bytes.back() + 1);
  test::put(b, bytes);
  CHECK(of({a}) != of({b}));
}
