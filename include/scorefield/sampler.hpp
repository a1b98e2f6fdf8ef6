/// Samplers: rules, grids of times, the stepper that runs them, and the loop over it.
#pragma once

#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/grid/concept.hpp"
#include "scorefield/sampler/grid/exponential_grid.hpp"
#include "scorefield/sampler/grid/karras_grid.hpp"
#include "scorefield/sampler/grid/log_snr_grid.hpp"
#include "scorefield/sampler/grid/quadratic_grid.hpp"
#include "scorefield/sampler/grid/uniform_grid.hpp"
#include "scorefield/sampler/rule/ddim.hpp"
#include "scorefield/sampler/rule/dpm_solver_plus_plus.hpp"
#include "scorefield/sampler/rule/euler_maruyama.hpp"
#include "scorefield/sampler/rule/grid_rule.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sampler/sample_options.hpp"
#include "scorefield/sampler/stepper.hpp"
