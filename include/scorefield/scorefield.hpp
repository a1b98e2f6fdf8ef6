/// All of scorefield that needs nothing but Eigen, ground floor first.
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
#include "scorefield/io.hpp"
// clang-format on
