#include "scorefield/picture/gif.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/folder.hpp"

namespace sf = scorefield;
namespace fs = std::filesystem;
using scorefield::test::contains;
using scorefield::test::Folder;

namespace {

/// A file as giflib reads it.
struct Animation {
  sf::Index width = 0, height = 0;
  std::vector<std::vector<std::uint8_t>> frames;  // three bytes a pixel
  std::vector<int> hundredths;                    // of a second that each is shown
  std::string application;                        // the name and the data of the extension before the first frame
};

Animation read(const fs::path& path) {
  int error = 0;
  const std::unique_ptr<GifFileType, void (*)(GifFileType*)> gif(
      DGifOpenFileName(path.string().c_str(), &error), [](GifFileType* file) { DGifCloseFile(file, nullptr); });
  REQUIRE(gif);
  REQUIRE(DGifSlurp(gif.get()) == GIF_OK);
  Animation read{gif->SWidth, gif->SHeight, {}, {}, {}};
  for (int i = 0; i < gif->ImageCount; ++i) {
    const auto& image = gif->SavedImages[i];
    CHECK((image.ImageDesc.Left == 0 && image.ImageDesc.Top == 0));
    CHECK((image.ImageDesc.Width == gif->SWidth && image.ImageDesc.Height == gif->SHeight));
    auto& frame = read.frames.emplace_back();
    for (sf::Index pixel = 0; pixel < read.width * read.height; ++pixel) {
      const auto& colour = gif->SColorMap->Colors[image.RasterBits[pixel]];
      frame.insert(frame.end(), {colour.Red, colour.Green, colour.Blue});
    }
    GraphicsControlBlock control{};
    REQUIRE(DGifSavedExtensionToGCB(gif.get(), i, &control) == GIF_OK);
    CHECK(control.TransparentColor == NO_TRANSPARENT_COLOR);
    read.hundredths.push_back(control.DelayTime);
    for (int k = 0; i == 0 && k < image.ExtensionBlockCount; ++k) {
      const auto& block = image.ExtensionBlocks[k];
      if (block.Function == APPLICATION_EXT_FUNC_CODE || block.Function == CONTINUE_EXT_FUNC_CODE)
        read.application.append(reinterpret_cast<const char*>(block.Bytes), static_cast<std::size_t>(block.ByteCount));
    }
  }
  return read;
}

/// 40 x 30 pixels of which `colours` are different.
sf::Canvas speckled(int colours, int shift = 0) {
  sf::Canvas canvas(40, 30);
  for (int i = 0; i < 1200; ++i) {
    const int colour = (i + shift) % colours;
    canvas.at(i % 40, i / 40) = {static_cast<float>(colour % 16) / 15, static_cast<float>(colour / 16 % 16) / 15,
                                 static_cast<float>(colour / 256) / 15};
  }
  return canvas;
}

}  // namespace

TEST_CASE("an animation comes back from its file, exactly where it has few colours", "[io]") {
  const Folder folder("gif");
  const auto path = folder.path / "a.gif";
  for (const int colours : {1, 2, 3, 5, 16, 17, 255, 256}) {
    CAPTURE(colours);
    const std::vector<sf::Canvas> frames{speckled(colours), speckled(colours, 1), speckled(colours, 2)};
    sf::write_gif(path, frames, {.frame_milliseconds = 80, .last_milliseconds = 2004});
    const auto animation = read(path);
    CHECK(animation.width == 40);
    CHECK(animation.height == 30);
    REQUIRE(animation.frames.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(animation.frames[i] == frames[i].bytes());
    CHECK(animation.hundredths == std::vector<int>{8, 8, 200});
    CHECK(animation.application == std::string("NETSCAPE2.0\x01\0\0", 14));  // 0 times: for ever
  }
  CHECK(folder.entries() == 1);
}

TEST_CASE("the colours of all frames count, and each many-coloured pixel takes the nearest there is", "[io]") {
  const Folder folder("gif_colours");
  const auto path = folder.path / "a.gif";
  sf::Canvas odd(40, 30);
  odd.at(3, 3) = {0.3f, 0.77f, 0.1f};
  const std::vector<sf::Canvas> frames{speckled(256), odd, speckled(1200)};
  sf::write_gif(path, frames);
  const auto animation = read(path);

  std::vector<std::vector<int>> palette;
  for (const int red : {0, 51, 102, 153, 204, 255})
    for (const int green : {0, 51, 102, 153, 204, 255})
      for (const int blue : {0, 51, 102, 153, 204, 255}) palette.push_back({red, green, blue});
  for (int grey = 1; grey <= 40; ++grey) palette.push_back(std::vector<int>(3, 255 * grey / 41));
  const auto distance = [](const std::uint8_t* a, const auto* b) {
    int sum = 0;
    for (int part = 0; part < 3; ++part) sum += (a[part] - b[part]) * (a[part] - b[part]);
    return sum;
  };
  for (std::size_t i = 0; i < 3; ++i) {
    const auto expected = frames[i].bytes();
    for (std::size_t pixel = 0; pixel < expected.size(); pixel += 3) {
      int least = 1 << 20;
      for (const auto& colour : palette) least = std::min(least, distance(&expected[pixel], colour.data()));
      REQUIRE(distance(&expected[pixel], &animation.frames[i][pixel]) == least);
    }
  }
}

TEST_CASE("greys stay apart beside colours", "[io]") {
  const Folder folder("gif_greys");
  sf::Canvas canvas(256, 2);
  for (int i = 0; i < 256; ++i) {
    const float part = static_cast<float>(i) / 255;
    canvas.at(i, 0) = {part, part, part};
    canvas.at(i, 1) = {part, 0, 1};
  }
  sf::write_gif(folder.path / "a.gif", {canvas});
  const auto frame = read(folder.path / "a.gif").frames.at(0);
  // 46 greys, of which neighbours are at most 7 apart.
  for (std::size_t i = 0; i < 256; ++i) CHECK(std::abs(int{frame[3 * i]} - static_cast<int>(i)) <= 3);
}

TEST_CASE("an animation that cannot be made is refused", "[io]") {
  const Folder folder("gif_refused");
  const auto path = folder.path / "a.gif";
  const sf::Canvas frame(4, 3);
  CHECK_THROWS_AS(sf::write_gif(path, {}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::write_gif(path, {frame, sf::Canvas(4, 4)}), sf::InvalidArgument);
  CHECK_THROWS_WITH(sf::write_gif(path, {frame, frame, sf::Canvas(3, 3)}),
                    contains("write_gif: expected frames of 4 x 3 as the first, got 3 x 3 in frame 2"));
  CHECK_THROWS_AS(sf::write_gif(path, {frame}, {.frame_milliseconds = 19}), sf::InvalidArgument);
  CHECK_THROWS_AS(sf::write_gif(path, {frame}, {.last_milliseconds = 655'351}), sf::InvalidArgument);
  CHECK(folder.entries() == 0);
  CHECK_THROWS_AS(sf::write_gif(folder.path / "missing" / "a.gif", {frame}), sf::FileError);
  CHECK_THROWS_WITH(sf::write_gif(folder.path / "missing" / "a.gif", {frame}),
                    contains("write_gif: expected to write " + (folder.path / "missing" / "a.gif").string()));
}
