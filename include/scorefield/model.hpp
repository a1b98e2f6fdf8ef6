/// Equation and network: a score function with parameters.
#pragma once

#include "scorefield/model/concept.hpp"
#include "scorefield/model/prediction.hpp"
#include "scorefield/model/score_model.hpp"
