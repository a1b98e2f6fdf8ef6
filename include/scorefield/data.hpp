/// Toy distributions, glyphs, data sets in memory, minibatches.
#pragma once

#include "scorefield/data/checkerboard.hpp"
#include "scorefield/data/dataset.hpp"
#include "scorefield/data/gaussian_mixture.hpp"
#include "scorefield/data/glyphs.hpp"
#include "scorefield/data/minibatches.hpp"
#include "scorefield/data/moments.hpp"
#include "scorefield/data/swiss_roll.hpp"
#include "scorefield/data/two_moons.hpp"
