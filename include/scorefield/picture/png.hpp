/// Pictures as PNG files: the one header that needs libpng.
#pragma once

#include <filesystem>
#include <png.h>
#include <vector>

#include "scorefield/core/error.hpp"
#include "scorefield/core/file/atomic_file.hpp"
#include "scorefield/picture/canvas.hpp"

namespace scorefield {

/// Writes a canvas as a PNG file of 8 bits a colour. Throws FileError, and then leaves what was at `path`.
inline void write_png(const std::filesystem::path& path, const Canvas& canvas) {
  const auto pixels = canvas.bytes();
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(canvas.width());
  image.height = static_cast<png_uint_32>(canvas.height());
  image.format = PNG_FORMAT_RGB;

  std::vector<unsigned char> encoded;
  png_alloc_size_t size = 0;
  // Without memory the first call gives the size.
  if (png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr) != 0) {
    encoded.resize(size);
    png_image_write_to_memory(&image, encoded.data(), &size, 0, pixels.data(), 0, nullptr);
  }
  if (PNG_IMAGE_FAILED(image))
    throw FileError("write_png", "to encode " + path.string(), image.message, "draw a smaller picture");

  AtomicFile file("write_png", path);
  file.write(encoded.data(), size);
  file.commit();
}

}  // namespace scorefield
