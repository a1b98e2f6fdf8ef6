/// Samplers, as steppers, and the loop over them.
#pragma once

#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid_stepper.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sampler/sample_batch.hpp"
#include "scorefield/sampler/time_grid.hpp"
