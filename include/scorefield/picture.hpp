/// Scatter plots, heat maps, corner plots, plots of paths, histograms and grids of images. Apart stand the files of
/// pictures: scorefield/picture/png.hpp (libpng) and gif.hpp (giflib).
#pragma once

#include "scorefield/picture/canvas.hpp"
#include "scorefield/picture/heat_map.hpp"
#include "scorefield/picture/histogram.hpp"
#include "scorefield/picture/image_grid.hpp"
#include "scorefield/picture/pairs.hpp"
#include "scorefield/picture/plot.hpp"
#include "scorefield/picture/scatter.hpp"
