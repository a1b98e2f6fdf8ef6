/// embed: writes a model as a C++ header of constants.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <filesystem>
#include <string>
#include <type_traits>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/atomic_file.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/model/detail/assemble.hpp"
#include "scorefield/model/embedded_model.hpp"
#include "scorefield/model/prediction/concept.hpp"

namespace scorefield {

namespace detail {

/// "inline constexpr float policy_x[] = {...};" and what the array is called; nothing, and an empty span, where there
/// are no numbers.
template <Real T>
std::string add_array(std::string& code, const std::string& name, const T* numbers, Index count) {
  if (count == 0) return "{}";
  const char* type = std::same_as<T, float> ? "float" : "double";
  code += text("inline constexpr ", type, ' ', name, "[] = {");
  for (Index i = 0; i < count; ++i) {
    auto digits = exact_text(numbers[i]);
    if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
    if (std::isnan(numbers[i]))
      digits = text("std::numeric_limits<", type, ">::quiet_NaN()");
    else if (std::same_as<T, float>)
      digits += 'f';
    code += text(i % 8 == 0 ? "\n    " : " ", digits, ',');
  }
  code += "\n};\n";
  return name;
}

inline void check_identifier(const std::string& name) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fine = [&](char c) { return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), fine) || digit(name[0]))
    throw InvalidArgument("embed", "a name of letters, digits and _, the first no digit", text('"', name, '"'),
                          "it becomes the name of a constant");
}

/// Settings as a string literal.
inline std::string literal(const std::string& settings) {
  std::string all = "\"";
  for (const char c : settings) all += text(c == '"' || c == '\\' ? "\\" : "", c);
  return all + '"';
}

}  // namespace detail

/// Writes a header with the model as a constant of this name: load<Model>(name) of a program that includes it makes the
/// same model, without a file system. Whole or not at all. Throws InvalidArgument for what is no name, and FileError.
template <class Model>
void embed(const std::filesystem::path& path, const Model& model, const std::string& name) {
  using Scalar = typename Model::Scalar;
  detail::check_identifier(name);
  const auto description = detail::text_of(model);
  const auto test = detail::self_test_of(model);
  const auto units = detail::state_of_units(model);
  Vector<Scalar> constants(0);
  if constexpr (FittedPrediction<std::remove_cvref_t<decltype(model.prediction())>>)
    constants = model.prediction().constants();
  std::string code =
      "/// A trained model as constants, written by scorefield::embed.\n#pragma once\n\n"
      "#include <limits>\n#include <scorefield/model/embedded_model.hpp>\n\n";
  const auto array = [&](const char* of, const auto& numbers) {
    return detail::add_array(code, text(name, '_', of), numbers.data(), numbers.size());
  };
  const auto parameters = array("parameters", model.parameters()), of_prediction = array("constants", constants),
             of_units = array("units", units), x = array("x", test.x), condition = array("condition", test.condition),
             denoised = array("denoised", test.denoised);
  code += text("\ninline constexpr scorefield::EmbeddedModel<", std::same_as<Scalar, float> ? "float" : "double", "> ",
               name, "{\n    .equation = ", detail::literal(description.equation),
               ",\n    .network = ", detail::literal(description.network),
               ",\n    .prediction = ", detail::literal(description.prediction), ",\n    .parameters = ", parameters,
               ",\n    .constants = ", of_prediction, ",\n    .units = ", of_units, ",\n    .x = ", x,
               ",\n    .condition = ", condition, ",\n    .denoised = ", denoised, ",\n};\n");
  AtomicFile file("embed", path);
  file.write(code.data(), code.size());
  file.commit();
}

}  // namespace scorefield
