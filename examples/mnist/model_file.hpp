/// A trained model in a file.
#pragma once

#include <filesystem>
#include <map>
#include <scorefield/file/model_file.hpp>
#include <scorefield/file/safetensors.hpp>
#include <scorefield/scorefield.hpp>
#include <string>
#include <type_traits>

#include "networks.hpp"

namespace mnist {

/// The two kinds of file that the program writes.
enum class Holds { model, run };

inline std::string spelled(Holds kind) { return kind == Holds::model ? "model of mnist" : "run of mnist"; }

/// What a file says of itself and of the network it belongs to.
template <class Recipe>
std::map<std::string, std::string> about(Holds kind) {
  return {{"holds", spelled(kind)}, {"network", Recipe::name}, {"architecture", Recipe::description()}};
}

/// The option that reads such a file: what messages start with.
inline const char* option_of(Holds kind) { return kind == Holds::model ? "--load" : "--resume"; }

inline std::string entry(const sf::Tensors& tensors, const std::string& key) {
  const auto found = tensors.metadata.find(key);
  return found == tensors.metadata.end() ? "nothing" : found->second;
}

/// The tensors of a file of that kind. Throws FileError.
inline sf::Tensors read_file(const std::filesystem::path& path, Holds kind) {
  auto tensors = sf::read_safetensors(path);
  if (entry(tensors, "holds") != spelled(kind))
    throw sf::FileError(option_of(kind), sf::text("a ", spelled(kind), " in ", path.string()),
                        sf::text("a file that says of itself ", entry(tensors, "holds")),
                        "a run leaves its model in model.safetensors and itself in checkpoint.safetensors");
  return tensors;
}

/// What has the same name may have been another thing when the file was written.
inline void check_same(const sf::Tensors& tensors, const std::filesystem::path& path, Holds kind, const char* key,
                       const std::string& expected) {
  if (entry(tensors, key) != expected)
    throw sf::FileError(option_of(kind), expected + " in " + path.string(), entry(tensors, key),
                        "use it with the version of the program that wrote it");
}

/// Adds what the prediction learnt of the data, if anything.
template <class Model>
void add_constants(sf::Tensors& tensors, const Model& model) {
  if constexpr (sf::FittedPrediction<std::remove_cvref_t<decltype(model.prediction())>>)
    sf::add_parameters(tensors, "prediction.", model.prediction().layout(), model.prediction().constants());
}

template <class Model>
void read_constants(const sf::Tensors& tensors, Model& model) {
  if constexpr (sf::FittedPrediction<std::remove_cvref_t<decltype(model.prediction())>>)
    model.set_constants(sf::read_parameters<float>(tensors, "prediction.", model.prediction().layout()));
}

template <class Recipe>
void write_model(const std::filesystem::path& path, const ModelOf<Recipe>& model) {
  sf::Tensors tensors;
  tensors.metadata = about<Recipe>(Holds::model);
  sf::add_parameters(tensors, "network.", model.network().layout(), model.parameters());
  add_constants(tensors, model);
  sf::write_safetensors(path, tensors);
}

/// Throws FileError or InvalidArgument when the file is not of this network.
template <class Recipe>
ModelOf<Recipe> read_model(const sf::Tensors& tensors, const std::filesystem::path& path) {
  check_same(tensors, path, Holds::model, "architecture", Recipe::description());
  auto model =
      Recipe::model(sf::Matrix<float>::Zero(image.size(), 1), sf::Seed{0});  // what it learns of that is replaced
  model.set_parameters(sf::read_parameters<float>(tensors, "network.", model.network().layout()));
  read_constants(tensors, model);
  return model;
}

}  // namespace mnist
