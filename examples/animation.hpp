/// Animations, where giflib is there.
#pragma once

#include <filesystem>
#include <scorefield/picture/canvas.hpp>
#include <vector>
#ifdef EXAMPLES_HAVE_GIF
#include <scorefield/picture/gif.hpp>
#endif

namespace examples {

/// Writes a GIF that rests on its last frame before it begins anew. Whether it could: false without giflib.
inline bool write_animation([[maybe_unused]] const std::filesystem::path& path,
                            [[maybe_unused]] const std::vector<scorefield::Canvas>& frames) {
#ifdef EXAMPLES_HAVE_GIF
  scorefield::write_gif(path, frames, {.frame_milliseconds = 80, .last_milliseconds = 3000});
  return true;
#else
  return false;
#endif
}

}  // namespace examples
