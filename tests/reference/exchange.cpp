// Exchanges networks with PyTorch through safetensors files, both ways; exchange.py says how, and what is in a file.
//   scorefield_exchange write FOLDER    networks with random parameters, inputs and outputs
//   scorefield_exchange check FOLDER    compares outputs with those that exchange.py wrote
#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <scorefield/file/model_file.hpp>
#include <scorefield/file/safetensors.hpp>
#include <scorefield/scorefield.hpp>
#include <string>

namespace sf = scorefield;

namespace {

constexpr sf::Index input_count = 1000;

/// Calls visit(name, network) for each network that is exchanged; exchange.py has the same list.
template <sf::Real S, class Visit>
void for_each_network(const Visit& visit) {
  visit("mlp", sf::Mlp<S, 2, 64, 64, 64>());
  visit("dynamic_mlp", sf::DynamicMlp<S>(3, {48, 32}, {.condition = 4}));
  visit("residual_mlp", sf::ResidualMlp<S>(2));
  visit("residual_mlp_condition", sf::ResidualMlp<S>(5, {.width = 96, .blocks = 2, .embedding = 48, .condition = 3}));
  visit("tutorial_unet", sf::TutorialUNet<S>());
  visit("unet", sf::UNet<S>({28, 28, 1}, {.widths = {48, 96}, .fold = 2, .heads = 2}));
  visit("unet_condition",
        sf::UNet<S>({7, 10, 3},
                    {.widths = {16, 24, 32}, .fold = 2, .blocks = 2, .groups = 4, .embedding = 48, .condition = 10}));
  visit("unet_sequence", sf::UNet<S>({1, 25, 2}, {.widths = {16, 32}, .heads = 4, .embedding = 32, .condition = 3}));
  visit("unet_sequence_fold", sf::UNet<S>({1, 51, 2}, {.widths = {16, 32}, .fold = 2, .kernel = 5, .embedding = 32}));
}

/// What networks are given; columns are samples.
template <sf::Real S>
struct Inputs {
  sf::Matrix<S> x;                   // d x n
  sf::Vector<S> time, alpha, sigma;  // n
  sf::Matrix<S> condition;           // k x n, NaN where a sample is given none
};

/// Standard normal numbers, of their own for each purpose.
template <sf::Real S>
sf::Matrix<S> normals(const char* purpose, sf::Index rows, sf::Index cols) {
  sf::Matrix<S> numbers(rows, cols);
  sf::Random(sf::Seed{0}, purpose).normal(sf::view(numbers), 0, 0);
  return numbers;
}

/// Inputs at levels of the variance-preserving equation, every third of them given no condition.
template <sf::Real S>
Inputs<S> random_inputs(sf::Index d, sf::Index k) {
  const sf::Index n = input_count;
  Inputs<S> in{normals<S>("exchanged x", d, n), sf::Vector<S>::LinSpaced(n, 0, 1), sf::Vector<S>(n), sf::Vector<S>(n),
               normals<S>("exchanged conditions", k, n)};
  const sf::VariancePreserving<S> sde;
  for (sf::Index j = 0; j < n; ++j) {
    in.alpha(j) = sde.signal(in.time(j));
    in.sigma(j) = sde.deviation(in.time(j));
    if (j % 3 == 0) in.condition.col(j) = sf::not_given<S>(k);
  }
  return in;
}

/// Numbers of the size of a trained network's in all parameters, also in those that start at 0.
template <sf::Real S>
sf::Vector<S> random_parameters(const sf::ParameterLayout& layout) {
  sf::Vector<S> p = normals<S>("exchanged parameters", layout.size(), 1);
  for (const auto& piece : layout.pieces()) {
    auto numbers = p.segment(piece.offset, piece.size()).array();
    numbers *= piece.cols == 1 ? S(0.25) : 1 / std::sqrt(static_cast<S>(piece.cols));
    if (piece.cols == 1 && piece.name.ends_with("weight")) numbers += 1;  // of a normalisation
  }
  return p;
}

template <sf::Network N, class S = typename N::Scalar>
sf::Matrix<S> outputs(const N& network, const sf::Vector<S>& parameters, const Inputs<S>& in) {
  const sf::Index n = in.x.cols();
  const auto condition = sf::detail::told_conditions<S>("exchange", in.condition, in.condition.rows(), n);
  sf::Matrix<S> y(in.x.rows(), n);
  auto workspace = network.workspace();
  const sf::Chunks chunks{n, network.chunk_size()};
  for (sf::Index i = 0; i < chunks.pieces(); ++i) {
    const sf::Index first = chunks.first(i), count = chunks.length(i);
    const auto levels = [&](const sf::Vector<S>& all) { return sf::segment(sf::view(all), first, count); };
    network.evaluate(sf::view(parameters),
                     sf::NoisyBatch<S>{sf::columns(in.x, first, count), levels(in.time), levels(in.alpha),
                                       levels(in.sigma), sf::columns(condition, first, count)},
                     sf::columns(y, first, count), workspace);
  }
  return y;
}

template <sf::Network N>
void write(const std::filesystem::path& path, const N& network) {
  using S = typename N::Scalar;
  const sf::Index k = sf::detail::condition_size(network), n = input_count;
  const auto in = random_inputs<S>(network.dimension(), k);
  const auto parameters = random_parameters<S>(network.layout());
  sf::Tensors file;
  sf::add_parameters(file, "network.", network.layout(), parameters);
  file.add("x", {n, network.dimension()}, in.x);
  file.add("time", {n}, in.time);
  file.add("alpha", {n}, in.alpha);
  file.add("sigma", {n}, in.sigma);
  if (k > 0) file.add("condition", {n, k}, in.condition);
  file.add("y", {n, network.dimension()}, outputs(network, parameters, in));
  sf::write_safetensors(path, file);
  std::printf("wrote %s\n", path.string().c_str());
}

/// Prints the largest |difference| / max(1, |y|), and returns whether it is within the tolerance.
template <sf::Network N>
bool check(const std::filesystem::path& path, const N& network) {
  using S = typename N::Scalar;
  constexpr double tolerance = std::same_as<S, float> ? 1e-5 : 1e-13;
  const auto file = sf::read_safetensors(path);
  const auto parameters = sf::read_parameters<S>(file, "network.", network.layout());
  const sf::Index d = network.dimension(), k = sf::detail::condition_size(network);
  const sf::Index n = file.all().contains("time") ? file.all().at("time").shape.at(0) : 0;
  const auto matrix = [&](const char* name, sf::Index rows) -> sf::Matrix<S> {
    return file.get<S>(name, {n, rows}).reshaped(rows, n);
  };
  const Inputs<S> in{matrix("x", d), file.get<S>("time", {n}), file.get<S>("alpha", {n}), file.get<S>("sigma", {n}),
                     k > 0 ? matrix("condition", k) : sf::Matrix<S>(0, n)};
  const sf::Matrix<S> theirs = matrix("y", d), ours = outputs(network, parameters, in);
  const double difference =
      ((ours - theirs).array().abs() / theirs.array().abs().max(S(1))).template maxCoeff<Eigen::PropagateNaN>();
  const bool good = difference <= tolerance;
  std::printf("%-30s %lld outputs up to %5.2f, largest difference %.1e", path.stem().string().c_str(),
              static_cast<long long>(n), static_cast<double>(theirs.array().abs().maxCoeff()), difference);
  if (!good) std::printf(" is above %.0e", tolerance);
  std::printf("\n");
  return good;
}

/// visit(path, network) for the file of each network in float and double.
template <class Visit>
void for_each_file(const std::filesystem::path& folder, const Visit& visit) {
  const auto named = [&](const char* suffix) {
    return [&, suffix](const std::string& name, const auto& network) {
      visit(folder / (name + suffix + ".safetensors"), network);
    };
  };
  for_each_network<float>(named("_float"));
  for_each_network<double>(named("_double"));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc == 3 ? argv[1] : "";
  if (command != "write" && command != "check") {
    std::fprintf(stderr, "usage: scorefield_exchange write|check FOLDER\n");
    return 2;
  }
  try {
    bool passed = true;
    if (command == "write") std::filesystem::create_directories(argv[2]);
    for_each_file(argv[2], [&](const std::filesystem::path& path, const auto& network) {
      if (command == "write")
        write(path, network);
      else
        passed = check(path, network) && passed;
    });
    return passed ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
