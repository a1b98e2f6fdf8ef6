/// Score models: an equation and a network that denoise. Apart stands scorefield/model/embedded_model.hpp, for models
/// that are constants of a program.
#pragma once

#include "scorefield/model/concept.hpp"
#include "scorefield/model/denoising_task.hpp"
#include "scorefield/model/empirical_denoiser.hpp"
#include "scorefield/model/guided.hpp"
#include "scorefield/model/prediction.hpp"
#include "scorefield/model/score_model.hpp"
