/// Files and pictures that need nothing but the library. PNG files: scorefield/io/png.hpp, which needs libpng.
#pragma once

#include "scorefield/io/atomic_file.hpp"
#include "scorefield/io/axis.hpp"
#include "scorefield/io/canvas.hpp"
#include "scorefield/io/npy.hpp"
#include "scorefield/io/scatter.hpp"
#include "scorefield/io/stroke_font.hpp"
