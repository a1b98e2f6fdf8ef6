/// Score models: an equation and a network that denoise.
#pragma once

#include "scorefield/model/concept.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/model/guided.hpp"
#include "scorefield/model/prediction.hpp"
#include "scorefield/model/score_model.hpp"
