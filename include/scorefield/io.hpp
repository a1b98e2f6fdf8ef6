/// Files and pictures that need nothing but the library. Apart stand those that need another one: scorefield/io/png.hpp
/// (libpng), gif.hpp (giflib) and safetensors.hpp (nlohmann-json).
#pragma once

#include "scorefield/io/atomic_file.hpp"
#include "scorefield/io/axis.hpp"
#include "scorefield/io/canvas.hpp"
#include "scorefield/io/checkpoint.hpp"
#include "scorefield/io/image_grid.hpp"
#include "scorefield/io/input_file.hpp"
#include "scorefield/io/model_file.hpp"
#include "scorefield/io/npy.hpp"
#include "scorefield/io/scatter.hpp"
#include "scorefield/io/stroke_font.hpp"
#include "scorefield/io/tensors.hpp"
