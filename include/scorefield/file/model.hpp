/// Models in files: save and load.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/fingerprint.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/file/detail/metadata.hpp"
#include "scorefield/file/detail/shape.hpp"
#include "scorefield/file/model_file.hpp"
#include "scorefield/file/safetensors.hpp"
#include "scorefield/file/tensors.hpp"
#include "scorefield/model/detail/assemble.hpp"
#include "scorefield/model/prediction/concept.hpp"

namespace scorefield {

namespace detail {

inline constexpr const char* model_kind = "scorefield model";
inline constexpr std::string_view note_prefix = "note ";

/// "of fingerprint 5416431202879495274", or "none".
inline std::string data_text(std::uint64_t fingerprint) {
  return fingerprint == 0 ? "none" : text("of fingerprint ", fingerprint);
}

inline std::uint64_t fingerprint_of(const std::string& data) {
  std::uint64_t fingerprint = 0;
  if (const auto space = data.rfind(' '); space != std::string::npos)
    std::from_chars(data.data() + space + 1, data.data() + data.size(), fingerprint);
  return fingerprint;
}

/// Adds what a model consists of, but for its parameters.
template <class Model>
void add_model_text(Tensors& tensors, const Model& model) {
  const auto text = text_of(model);
  tensors.metadata["version"] = version_text();
  tensors.metadata["equation"] = text.equation;
  tensors.metadata["network"] = text.network;
  tensors.metadata["prediction"] = text.prediction;
  if constexpr (FittedPrediction<std::remove_cvref_t<decltype(model.prediction())>>)
    add_parameters(tensors, "prediction.", model.prediction().layout(), model.prediction().constants());
  if (const auto units = state_of_units(model); units.size() > 0) tensors.add("units", {units.size()}, units);
}

/// A matrix of whatever size, whose columns are rows of the tensor.
template <Real Scalar>
Matrix<Scalar> matrix_of(const Tensors& tensors, const std::string& name) {
  const auto found = tensors.all().find(name);
  const auto shape = found == tensors.all().end() || found->second.shape.size() != 2 ? std::vector<Index>{-1, -1}
                                                                                     : found->second.shape;
  return tensors.get<Scalar>(name, shape).reshaped(shape[1], shape[0]);
}

/// Throws InvalidArgument unless there are as many numbers under a prefix as in a layout: before room is made for them.
inline void check_numbers(const Tensors& tensors, const std::string& prefix, const ParameterLayout& layout) {
  Index numbers = 0;
  for (auto at = tensors.all().lower_bound(prefix); at != tensors.all().end() && at->first.starts_with(prefix); ++at)
    numbers += static_cast<Index>(at->second.bytes.size() / number_size(at->second.type));
  if (numbers != layout.size())
    throw InvalidArgument(prefix, text(layout.size(), " numbers, as its description says"), text(numbers),
                          "the description or the numbers were changed");
}

/// A hash of the numbers in a file, and of what it says that they are.
inline std::string fingerprint_text(const Tensors& tensors) {
  Fingerprint all;
  const auto add = [&](const auto& bytes) {
    all.add(bytes.size());
    std::uint64_t word = 0;  // of eight bytes, whatever the order of this machine
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      word = word << 8 | static_cast<unsigned char>(bytes[i]);
      if (i % 8 == 7 || i + 1 == bytes.size()) all.add(std::exchange(word, 0));
    }
  };
  for (const auto* key : {"data", "equation", "network", "prediction", "version"}) add(entry(tensors, key));
  for (const auto& [key, value] : tensors.metadata)
    if (key.starts_with(note_prefix)) add(text(key, ' ', value));
  for (const auto& [name, tensor] : tensors.all()) {
    add(text(name, ' ', tensor.type, ' ', shape_text(tensor.shape)));
    add(tensor.bytes);
  }
  return text(all.value());
}

/// Throws InvalidArgument where the file was changed since it was written.
inline void check_fingerprint(const Tensors& tensors) {
  const auto kept = entry(tensors, "fingerprint"), now = fingerprint_text(tensors);
  if (kept != now)
    throw InvalidArgument("fingerprint", text(kept, ", of what was written"), now, "the file was changed since");
}

template <class Model>
Model model_of(const Tensors& tensors) {
  using Scalar = typename Model::Scalar;
  const auto first = tensors.all().lower_bound("network.");
  if (first != tensors.all().end() && first->second.type != tensor_type<Scalar>())
    throw InvalidArgument("scalar", tensor_type<Scalar>(), first->second.type,
                          "F32 is what models of float have, and F64 those of double");
  const auto numbers = [&](const char* prefix) {
    return [&tensors, prefix](const ParameterLayout& layout) {
      check_numbers(tensors, prefix, layout);
      return read_parameters<Scalar>(tensors, prefix, layout);
    };
  };
  auto model = assembled<Model>({entry(tensors, "equation"), entry(tensors, "network"), entry(tensors, "prediction")},
                                units_of(tensors), numbers("network."), numbers("prediction."));
  model.set_trained_on(fingerprint_of(entry(tensors, "data")));
  check_fingerprint(tensors);
  check_self_test(model, SelfTest<Scalar>{matrix_of<Scalar>(tensors, "self_test.x"),
                                          matrix_of<Scalar>(tensors, "self_test.condition"),
                                          matrix_of<Scalar>(tensors, "self_test.denoised")});
  return model;
}

/// The tensors of a file that holds a model. Throws FileError for any other.
inline Tensors read_model_tensors(const std::filesystem::path& path) {
  auto tensors = read_safetensors(path);
  if (const auto holds = entry(tensors, "holds"); holds != model_kind)
    throw FileError("load", text("a ", model_kind, " in ", path.string()), text("a file that holds ", holds),
                    "pass what save() wrote");
  return tensors;
}

/// Calls make(tensors) of a file that holds a model. Throws FileError, which names the file, for all that is wrong.
template <class Make>
auto loaded(const std::filesystem::path& path, const Make& make) {
  const auto tensors = read_model_tensors(path);
  try {
    return make(tensors);
  } catch (const InvalidArgument& wrong) {
    throw FileError("load", text("a model of this type in ", path.string()), wrong.what(),
                    text("it was written by version ", entry(tensors, "version"), "; inspect() shows what it holds"));
  } catch (const NonFinite& wrong) {
    throw FileError("load", text("a model of finite numbers in ", path.string()), wrong.what(), "write it again");
  }
}

}  // namespace detail

/// What a program keeps beside a model, by name: what it needs to use it, in UTF-8.
using Notes = std::map<std::string, std::string>;

/// Writes all of a model to a safetensors file: its parameters by name, the settings of equation, network and
/// prediction, what the prediction learnt of the data, units, the data's fingerprint, the library's version, three
/// inputs with the model's outputs, the program's notes, and a fingerprint of all this. Whole or not at all. Throws
/// FileError, and InvalidArgument for notes that are not UTF-8.
template <class Model>
void save(const std::filesystem::path& path, const Model& model, const Notes& notes = {}) {
  Tensors tensors;
  for (const auto& [name, note] : notes) tensors.metadata[std::string(detail::note_prefix) + name] = note;
  tensors.metadata["holds"] = detail::model_kind;
  tensors.metadata["data"] = detail::data_text(model.trained_on());
  detail::add_model_text(tensors, model);
  add_parameters(tensors, "network.", model.network().layout(), model.parameters());
  const auto test = detail::self_test_of(model);
  const auto add = [&](const char* name, const auto& matrix) {
    tensors.add(text("self_test.", name), {matrix.cols(), matrix.rows()}, matrix);
  };
  add("x", test.x);
  add("condition", test.condition);
  add("denoised", test.denoised);
  tensors.metadata["fingerprint"] = detail::fingerprint_text(tensors);
  write_safetensors(path, tensors);
}

/// The model that save wrote, of the same type, as decltype(model) is; sizes are the file's. It gives the same bits as
/// the one that was saved. Throws FileError, which says what differs, where the file holds another one, no model, or
/// numbers that were changed or give other outputs than when they were written.
template <class Model>
Model load(const std::filesystem::path& path) {
  return detail::loaded(path, [](const Tensors& tensors) { return detail::model_of<Model>(tensors); });
}

/// The notes that save was given. Throws FileError where the file holds no model.
inline Notes read_notes(const std::filesystem::path& path) {
  Notes notes;
  for (const auto& [key, value] : detail::read_model_tensors(path).metadata)
    if (key.starts_with(detail::note_prefix)) notes[key.substr(detail::note_prefix.size())] = value;
  return notes;
}

}  // namespace scorefield
