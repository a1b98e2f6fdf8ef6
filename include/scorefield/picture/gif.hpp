/// Animations as GIF files, which every browser plays: the one header that needs giflib.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <gif_lib.h>
#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/atomic_file.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/picture/canvas.hpp"

namespace scorefield {

/// How long frames are shown, in milliseconds from 20 (browsers slow down what is faster) to 655,350; GIF counts in
/// tens of them.
struct GifOptions {
  Index frame_milliseconds = 60;
  /// The last frame, before it begins anew.
  Index last_milliseconds = 1500;
};

namespace detail {

/// At most 256 colours, and which of them stands for a colour of the frames.
class GifPalette {
 public:
  /// frames: three bytes a pixel each. All their colours where these are no more than 256; else a cube of 6 x 6 x 6
  /// colours and 40 greys more.
  explicit GifPalette(const std::vector<std::vector<std::uint8_t>>& frames) {
    for (const auto& frame : frames)
      for (std::size_t i = 0; i < frame.size(); i += 3)
        if (entry_of_.try_emplace(key(&frame[i]), colours_.size()).second && colours_.size() <= most)
          colours_.push_back({frame[i], frame[i + 1], frame[i + 2]});
    if (colours_.size() <= most) return;
    colours_ = cube_and_greys();
    for (auto& [colour, entry] : entry_of_) entry = nearest(colour);
  }

  const std::vector<GifColorType>& colours() const { return colours_; }

  GifPixelType entry(const std::uint8_t* colour) const { return static_cast<GifPixelType>(entry_of_.at(key(colour))); }

 private:
  static constexpr std::size_t most = 256;

  static std::uint32_t key(const std::uint8_t* colour) {
    return std::uint32_t{colour[0]} << 16 | std::uint32_t{colour[1]} << 8 | colour[2];
  }

  static std::vector<GifColorType> cube_and_greys() {
    std::vector<GifColorType> colours;
    const auto add = [&](int red, int green, int blue) {
      colours.push_back(
          {static_cast<GifByteType>(red), static_cast<GifByteType>(green), static_cast<GifByteType>(blue)});
    };
    for (int i = 0; i < 216; ++i) add(i / 36 * 51, i / 6 % 6 * 51, i % 6 * 51);
    for (int i = 1; i <= 40; ++i) add(255 * i / 41, 255 * i / 41, 255 * i / 41);
    return colours;
  }

  std::size_t nearest(std::uint32_t colour) const {
    const auto square = [](int difference) { return difference * difference; };
    const int red = static_cast<int>(colour >> 16), green = colour >> 8 & 0xFF, blue = colour & 0xFF;
    std::size_t best = 0;
    int least = 3 * 255 * 255 + 1;
    for (std::size_t i = 0; i < colours_.size(); ++i) {
      const auto& [r, g, b] = colours_[i];
      const int distance = square(red - r) + square(green - g) + square(blue - b);
      if (distance < least) least = distance, best = i;
    }
    return best;
  }

  std::vector<GifColorType> colours_;
  std::unordered_map<std::uint32_t, std::size_t> entry_of_;
};

/// An encoder to memory; whatever fails throws FileError.
class GifEncoder {
 public:
  explicit GifEncoder(const std::filesystem::path& path) : path_(path) {
    int error = 0;
    gif_ = EGifOpen(&encoded_, append, &error);
    if (gif_ == nullptr) fail(error);
  }

  GifEncoder(const GifEncoder&) = delete;
  GifEncoder& operator=(const GifEncoder&) = delete;
  ~GifEncoder() {
    if (gif_ != nullptr) EGifCloseFile(gif_, nullptr);
  }

  /// The start of a picture that begins anew when it has ended.
  void begin(Index width, Index height, const std::vector<GifColorType>& colours) {
    std::size_t count = 2;  // a power of two
    while (count < colours.size()) count *= 2;
    auto padded = colours;
    padded.resize(count, GifColorType{0, 0, 0});
    const std::unique_ptr<ColorMapObject, void (*)(ColorMapObject*)> map(
        GifMakeMapObject(static_cast<int>(count), padded.data()), GifFreeMapObject);
    if (!map) fail(E_GIF_ERR_NOT_ENOUGH_MEM);
    EGifSetGifVersion(gif_, true);
    check(EGifPutScreenDesc(gif_, static_cast<int>(width), static_cast<int>(height), 8, 0, map.get()));
    constexpr std::array<GifByteType, 3> for_ever{1, 0, 0};
    check(EGifPutExtensionLeader(gif_, APPLICATION_EXT_FUNC_CODE));
    check(EGifPutExtensionBlock(gif_, 11, "NETSCAPE2.0"));
    check(EGifPutExtensionBlock(gif_, for_ever.size(), for_ever.data()));
    check(EGifPutExtensionTrailer(gif_));
  }

  /// pixels: entries of the palette, row by row from the top.
  void add(std::vector<GifPixelType>& pixels, Index milliseconds) {
    const int width = static_cast<int>(gif_->SWidth), height = static_cast<int>(gif_->SHeight);
    const GraphicsControlBlock control{DISPOSE_DO_NOT, false, static_cast<int>((milliseconds + 5) / 10),
                                       NO_TRANSPARENT_COLOR};
    std::array<GifByteType, 4> bytes{};
    EGifGCBToExtension(&control, bytes.data());
    check(EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, bytes.size(), bytes.data()));
    check(EGifPutImageDesc(gif_, 0, 0, width, height, false, nullptr));
    for (int row = 0; row < height; ++row)
      check(EGifPutLine(gif_, pixels.data() + static_cast<std::ptrdiff_t>(row) * width, width));
  }

  /// The whole file.
  std::vector<GifByteType> finish() {
    int error = 0;
    if (EGifCloseFile(std::exchange(gif_, nullptr), &error) == GIF_ERROR) fail(error);
    return std::move(encoded_);
  }

 private:
  static int append(GifFileType* gif, const GifByteType* bytes, int count) {
    auto& encoded = *static_cast<std::vector<GifByteType>*>(gif->UserData);
    try {
      encoded.insert(encoded.end(), bytes, bytes + count);
    } catch (const std::bad_alloc&) {
      return 0;  // no exception may pass through C
    }
    return count;
  }

  void check(int result) const {
    if (result == GIF_ERROR) fail(gif_->Error);
  }

  [[noreturn]] void fail(int error) const {
    const char* reason = GifErrorString(error);
    throw FileError("write_gif", "to encode " + path_.string(), reason != nullptr ? reason : "an error",
                    "write fewer or smaller frames");
  }

  std::filesystem::path path_;
  std::vector<GifByteType> encoded_;
  GifFileType* gif_ = nullptr;
};

inline void check_gif(const std::vector<Canvas>& frames, const GifOptions& options) {
  if (frames.empty()) throw InvalidArgument("write_gif", "at least one frame", "none", "pass frames to show");
  const auto& first = frames.front();
  for (std::size_t i = 1; i < frames.size(); ++i)
    if (frames[i].width() != first.width() || frames[i].height() != first.height())
      throw InvalidArgument("write_gif", text("frames of ", first.width(), " x ", first.height(), " as the first"),
                            text(frames[i].width(), " x ", frames[i].height(), " in frame ", i),
                            "draw all frames of the same size");
  for (const Index time : {options.frame_milliseconds, options.last_milliseconds})
    if (time < 20 || time > 655'350)
      throw InvalidArgument("write_gif", "20 to 655350 milliseconds a frame", text(time), "choose a time in between");
}

}  // namespace detail

/// Writes frames of equal size as an animation that plays for ever. The colours are exact where there are no more than
/// 256 in all frames together, as in grey ones; else the nearest of a fixed set. Throws InvalidArgument when there is
/// no frame, their sizes differ or a time is out of range; FileError, and then leaves what was at `path`.
inline void write_gif(const std::filesystem::path& path, const std::vector<Canvas>& frames,
                      const GifOptions& options = {}) {
  detail::check_gif(frames, options);
  std::vector<std::vector<std::uint8_t>> pictures;
  for (const auto& frame : frames) pictures.push_back(frame.bytes());
  const detail::GifPalette palette(pictures);

  detail::GifEncoder encoder(path);
  encoder.begin(frames.front().width(), frames.front().height(), palette.colours());
  std::vector<GifPixelType> pixels(pictures.front().size() / 3);
  for (const auto& picture : pictures) {
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = palette.entry(&picture[3 * i]);
    encoder.add(pixels, &picture == &pictures.back() ? options.last_milliseconds : options.frame_milliseconds);
  }
  const auto encoded = encoder.finish();

  AtomicFile file("write_gif", path);
  file.write(encoded.data(), encoded.size());
  file.commit();
}

}  // namespace scorefield
