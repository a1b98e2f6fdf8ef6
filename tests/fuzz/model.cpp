/// Fuzzes the loading of models, of whatever parts a file describes. Its fingerprint is made to fit, for no fuzzer
/// would find one.
#include "scorefield/file/model.hpp"

#include <cstddef>
#include <cstdint>

#include "scorefield/file/any_model.hpp"
#include "scorefield/file/inspect.hpp"

#include "target.hpp"

namespace sf = scorefield;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const sf::fuzz::MemoryFile file;
  file.hold({data, size});
  // A description of few bytes is of a network whose pieces and layers take some hundred bytes each, of which there are
  // at most some thousand; its numbers are asked for where the file has as many.
  const std::size_t most = 16 * 1024 * 1024 + 64 * size;
  sf::fuzz::read_or_refuse(most, [] { return sf::inspect(file.path()); });
  const auto model = sf::fuzz::read_or_refuse(most, [] {
    return sf::detail::loaded(file.path(), [](sf::Tensors tensors) {
      tensors.metadata["fingerprint"] = sf::detail::fingerprint_text(tensors);
      return sf::detail::model_of<sf::AnyModel<float>>(tensors);
    });
  });
  if (!model) return 0;
  sf::fuzz::require(model->parameters().allFinite(), "a model has finite parameters");
  sf::fuzz::require(sf::detail::self_test_of(*model).x.cols() == 3, "and can be asked");
  return 0;
}
