#include "scorefield/file/inspect.hpp"

#include <limits>
#include <string>

#include "scorefield/file/model.hpp"

#include "file/models.hpp"
#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
namespace test = scorefield::test;
using scorefield::test::contains;

TEST_CASE("a model's file is shown by what it says and by its tensors", "[file]") {
  const test::Folder folder("inspect");
  const auto path = folder.path / "model.safetensors";
  const auto model = test::typed_model<float>();
  sf::save(path, model);
  const auto text = sf::inspect(path);
  CAPTURE(text);
  CHECK(text.starts_with(path.string() + '\n'));
  CHECK_THAT(text, contains("  holds        scorefield model\n"));
  CHECK_THAT(text, contains("  network      ResidualMlp{dimension 3, width 16, blocks 2, embedding 8, condition 2}\n"));
  CHECK_THAT(text, contains("  data         of fingerprint 81985529216486895\n"));
  CHECK_THAT(text, contains(model.units().description()));
  CHECK_THAT(text, contains("  network.body.0.weight               F32   (3, 16)         -"));
  CHECK_THAT(text, contains("  self_test.condition                 F32   (3, 2)          not all finite\n"));
  CHECK_THAT(text, contains(sf::text(" tensors, ", model.parameters().size(), " parameters\n")));
}

TEST_CASE("any file of tensors is shown", "[file]") {
  const test::Folder folder("inspect_any");
  const auto path = folder.path / "file";
  sf::Tensors tensors;
  tensors.add("a", {2}, sf::Vector<double>{{-0.5, 3}});
  tensors.add("b", {}, Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>::Constant(1, 7));
  tensors.add("c", {0, 4}, sf::Vector<float>(0));
  sf::write_safetensors(path, tensors);
  CHECK(sf::inspect(path) == path.string() +
                                 "\n  a  F64   (2,)            -0.5 to 3"
                                 "\n  b  I64   ()"
                                 "\n  c  F32   (0, 4)"
                                 "\n  3 tensors, 0 parameters\n");
  CHECK_THROWS_AS(sf::inspect(folder.path / "none"), sf::FileError);
  test::put(path, "once upon a time");
  CHECK_THROWS_AS(sf::inspect(path), sf::FileError);
  // Whatever else a file has under a name that means something to a model.
  sf::Tensors others;
  others.add("units", {3}, sf::Vector<double>{{-1, 3, 2}});
  sf::write_safetensors(path, others);
  CHECK_NOTHROW(sf::inspect(path));
}
