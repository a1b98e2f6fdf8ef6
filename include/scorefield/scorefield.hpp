/// All of scorefield that needs nothing but Eigen.
#pragma once

#include "scorefield/core.hpp"
#include "scorefield/data.hpp"
#include "scorefield/io.hpp"
#include "scorefield/layer.hpp"
#include "scorefield/model.hpp"
#include "scorefield/network.hpp"
#include "scorefield/objective.hpp"
#include "scorefield/optimizer.hpp"
#include "scorefield/sampler.hpp"
#include "scorefield/sde.hpp"
#include "scorefield/training.hpp"
