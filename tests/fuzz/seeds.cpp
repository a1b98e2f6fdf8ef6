/// Writes the files that the fuzz targets start from: a folder a target.
///
///   scorefield_seeds FOLDER
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>
#include <zlib.h>

#include "scorefield/data/units.hpp"
#include "scorefield/file/any_model.hpp"
#include "scorefield/file/npy.hpp"
#include "scorefield/file/safetensors.hpp"
#include "scorefield/file/training_state.hpp"

#include "run.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
namespace fs = std::filesystem;
using scorefield::test::put;

namespace {

std::string little_endian(std::uint64_t value, int bytes) {
  std::string all;
  for (int byte = 0; byte < bytes; ++byte) all += static_cast<char>(value >> 8 * byte & 0xFF);
  return all;
}

void write_safetensors(const fs::path& folder) {
  sf::Tensors run;
  run.metadata = {{"network", "ours"}, {"note", "\"\xC3\xA9\"\n"}};
  const auto layout = sf::fuzz::small_layout();
  const sf::Vector<float> numbers = sf::Vector<float>::LinSpaced(layout.size(), -1, 1);
  sf::add_training_state<float>(run, layout,
                                {.step = 3,
                                 .steps = 9,
                                 .parameters = numbers,
                                 .average = numbers.cast<double>(),
                                 .optimizer = {numbers, numbers},
                                 .settings = {{"seed", "5"}}});
  sf::write_safetensors(folder / "run", run);
  sf::write_safetensors(folder / "empty", {});

  const auto header = [&](const char* name, const std::string& json, std::size_t numbers_after) {
    put(folder / name, little_endian(json.size(), 8) + json + std::string(numbers_after, 'x'));
  };
  header("kinds",
         R"({"z":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0],)"
         R"("data_offsets":[4,4]},"a":{"dtype":"BOOL","shape":[1,2],"data_offsets":[4,6]}}   )",
         6);
  header("scalar", R"({"step":{"dtype":"I64","shape":[],"data_offsets":[0,8]}})", 8);
  header("huge_shape", R"({"w":{"dtype":"F64","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}})", 0);
  header("huge_offset", R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775807,18446744073709551615]}})",
         1);
  header("twice", R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\u0077":{}})", 1);
  header("deep", R"({"w":[[[[[[1]]]]]],"__metadata__":{"a":-1e400}})", 0);
  put(folder / "long_header", little_endian(100'000'000, 8) + "{}");
  put(folder / "longest_header", std::string(8, '\xFF') + "{}");
}

void write_npy(const fs::path& folder) {
  const sf::Matrix<double> samples = sf::Matrix<double>::Random(3, 4);
  sf::write_npy<double>(folder / "doubles", samples);
  sf::write_npy<float>(folder / "floats", samples.cast<float>());
  sf::write_npy<float>(folder / "images", sf::Matrix<float>::Ones(12, 2), {2, 3, 2});

  const auto array = [&](const char* name, int version, const std::string& header, std::size_t bytes) {
    put(folder / name, "\x93NUMPY" + std::string{static_cast<char>(version), 0} +
                           little_endian(header.size(), version == 1 ? 2 : 4) + header + std::string(bytes, '?'));
  };
  array("big_endian", 2, "{'descr': '>f8', 'fortran_order': False, 'shape': (2, 1), }\n", 16);
  array("fortran", 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 2), }\n", 48);
  array("one_axis", 3, R"({"shape":(5,),"fortran_order":True,"descr":">f4"})", 20);
  array("bytes", 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2), }\n", 6);
  array("bools", 1, "{'descr': '|b1', 'fortran_order': True, 'shape': (3, 2), }\n", 6);
  array("shorts", 1, "{'descr': '>i2', 'fortran_order': False, 'shape': (3, 2), }\n", 12);
  array("longs", 1, "{'descr': '<u8', 'fortran_order': True, 'shape': (3, 2), }\n", 48);
  array("no_axis", 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", 8);
  array("nothing", 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (0, 9223372036854775807), }\n", 0);
  array("thin", 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (1152921504606846975, 0), }\n", 0);
  array("huge", 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n", 8);
  array("other_type", 1, "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }\n", 4);
  array("cut_off", 2, "", 0);
}

std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values) {
  std::string bytes{0, 0, 8, static_cast<char>(shape.size())};
  for (const std::uint32_t size : shape)
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(size >> shift & 0xFF);
  return bytes + values;
}

void write_compressed(const fs::path& path, const std::string& bytes) {
  const gzFile file = gzopen(path.string().c_str(), "wb9");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

/// plain: for the target that reads the files as they are. inside: for the one that compresses them first.
void write_idx(const fs::path& plain, const fs::path& inside) {
  const auto both = [&](const char* name, const std::string& bytes) {
    put(plain / name, bytes);
    put(inside / name, bytes);
    write_compressed(plain / (std::string(name) + ".gz"), bytes);
  };
  both("images", idx({2, 2, 3}, "abcdefghijkl"));
  both("labels", idx({4}, "abcd"));
  both("array", idx({1, 2, 1, 3}, "abcdef"));
  both("short", idx({4}, "abc"));
  both("long", idx({4}, "abcde"));
  both("none", idx({3, 0, 2}, ""));
  both("huge", idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "a"));
  both("largest", idx({1 << 18, 1 << 18}, "a"));
  both("deepest", idx(std::vector<std::uint32_t>(255, 1), "a"));
  both("other_type", std::string("\0\0\x0D\1\0\0\0\1abcd", 12));
  write_compressed(plain / "zeros.gz", idx({20, 28, 28}, std::string(15'680, '\0')));
}

void write_command_lines(const fs::path& folder) {
  const auto line = [&](const char* name, const std::string& words, std::int64_t batch, std::int64_t steps) {
    put(folder / name, little_endian(static_cast<std::uint64_t>(batch), 8) +
                           little_endian(static_cast<std::uint64_t>(steps), 8) + words);
  };
  line("none", "", 64, 0);
  line("help", "--help\n", 64, 0);
  line("train", "--data\nmnist\n--epochs\n2.5\n--batch=8\n--learning-rate\n1e-3\n--threads\n2\n--seed=1\n", 64, 0);
  line("draw", "--load=a\n--samples\n30\n--sampler\nddim\n--sampler-steps\n5\n--output\nb\n", 64, 0);
  line("resume", "--resume\n--epochs\n2.4\n--batch\n8\n", 8, 2251);
  line("resume_minutes", "--resume\n--minutes=0.5\n--network\ntutorial\n", 64, 938);
  line("largest", "--batch\n9223372036854775807\n--seed\n18446744073709551615\n--epochs\n1e9\n--threads=2147483647\n",
       1, 2);
  line("odd", "--minutes\nnan\n--epochs\n-inf\n--samples\n-1\n--resume=1\n--\n=\n", 1, 1);
}

void write_models(const fs::path& folder) {
  const auto write = [&](const char* name, const sf::AnyNetwork<float>& network,
                         const sf::AnyPrediction<float>& prediction, const sf::Units<float>& units) {
    sf::save(folder / name,
             sf::AnyModel<float>(sf::VariancePreserving<float>{}, network, prediction, units, sf::Seed{0}));
  };
  const sf::Dataset<float> data(sf::Matrix<float>(sf::Matrix<float>::Random(1, 9)));
  const auto units = sf::Units<float>::fit(data, {.rows = {sf::Row::ranked()}});
  write("mlp", sf::DynamicMlp<float, sf::SiLU>(1, {2}), sf::NoisePrediction{}, {});
  write("units", sf::DynamicMlp<float>(1, {2}), sf::ScorePrediction{}, units);
  write("correction", sf::DynamicMlp<float>(1, {2, 1}),
        sf::LinearDenoiserCorrection<float>::fit(data, {.covariance = sf::Covariance::full}), {});
  write("residual", sf::ResidualMlp<float>(1, {.width = 2, .blocks = 1, .embedding = 1, .condition = 1}),
        sf::VelocityPrediction{}, {});
  write("unet", sf::UNet<float>({.height = 1, .width = 3, .channels = 1}, {.widths = {2}, .groups = 1, .embedding = 1}),
        sf::VelocityPrediction{}, {});
}

void write_csv(const fs::path& folder) {
  put(folder / "plain", "city,age,height\nBern,36,1.70\nChur,41,1.8\n");
  put(folder / "quoted", "\xEF\xBB\xBF\"a \"\"b\"\"\";c\r\n\"two\nlines\"; x \r\n\r\n;1e-3\r\n");
  put(folder / "missing", "a\tb\n1\tNA\n\t?\n");
}

fs::path made(const fs::path& folder) {
  fs::create_directories(folder);
  return folder;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: scorefield_seeds FOLDER\n");
    return 2;
  }
  try {
    const fs::path folder = argv[1];
    write_safetensors(made(folder / "safetensors"));
    write_csv(made(folder / "csv"));
    write_npy(made(folder / "npy"));
    write_idx(made(folder / "idx"), made(folder / "idx_gzip"));
    write_models(made(folder / "model"));
    write_command_lines(made(folder / "command_line"));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scorefield_seeds: %s\n", error.what());
    return 1;
  }
}
