/// The umbrella of data sets in memory and toy distributions.
///
/// Images and tables stand apart: scorefield/data/image/glyphs.hpp, idx.hpp beside it, which needs zlib, and
/// scorefield/data/table_columns.hpp.
#pragma once

#include "scorefield/data/dataset.hpp"
#include "scorefield/data/examples.hpp"
#include "scorefield/data/moments.hpp"
#include "scorefield/data/one_hot.hpp"
#include "scorefield/data/row.hpp"
#include "scorefield/data/subset.hpp"
#include "scorefield/data/toy/checkerboard.hpp"
#include "scorefield/data/toy/gaussian_mixture.hpp"
#include "scorefield/data/toy/swiss_roll.hpp"
#include "scorefield/data/toy/two_moons.hpp"
#include "scorefield/data/training_data.hpp"
#include "scorefield/data/units.hpp"
