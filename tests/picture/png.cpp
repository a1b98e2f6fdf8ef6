#include "scorefield/picture/png.hpp"

#include <filesystem>
#include <vector>

#include "support/catch.hpp"

namespace sf = scorefield;
namespace fs = std::filesystem;
using scorefield::test::contains;

TEST_CASE("a picture comes back from its file", "[io]") {
  const auto path = fs::temp_directory_path() / "scorefield_test_picture.png";
  sf::Canvas canvas(33, 17, {0.9f, 1, 1});
  canvas.disc(10, 8, 6, {0.8f, 0.1f, 0.3f}, 0.7);
  sf::write_png(path, canvas);

  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_file(&image, path.string().c_str()) != 0);
  CHECK(image.width == 33);
  CHECK(image.height == 17);
  image.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  REQUIRE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0);
  CHECK(pixels == canvas.bytes());
  fs::remove(path);
}

TEST_CASE("a picture that cannot be written is reported with its path", "[io]") {
  const auto path = fs::temp_directory_path() / "scorefield_test_missing" / "picture.png";
  CHECK_THROWS_AS(sf::write_png(path, sf::Canvas(2, 2)), sf::FileError);
  CHECK_THROWS_WITH(sf::write_png(path, sf::Canvas(2, 2)), contains("write_png: expected to write " + path.string()));
}
