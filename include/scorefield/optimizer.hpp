/// The umbrella of optimizers, learning-rate schedules and averages, which are functions of flat vectors.
#pragma once

#include "scorefield/optimizer/adam.hpp"
#include "scorefield/optimizer/concept.hpp"
#include "scorefield/optimizer/learning_rate.hpp"
#include "scorefield/optimizer/moving_average.hpp"
#include "scorefield/optimizer/muon.hpp"
#include "scorefield/optimizer/sgd.hpp"
