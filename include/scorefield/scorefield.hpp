/// What a first program needs, ground floor first; it needs nothing but Eigen. Files of models and runs, pictures, and
/// images as data have headers of their own: scorefield/file/, scorefield/picture.hpp, scorefield/data/image/.
#pragma once

// clang-format off
#include "scorefield/core.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/layer.hpp"
#include "scorefield/optimizer.hpp"
#include "scorefield/data.hpp"
#include "scorefield/network.hpp"
#include "scorefield/model.hpp"
#include "scorefield/objective.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/training.hpp"
#include "scorefield/file/npy.hpp"
// clang-format on
