/// Samplers, as steppers, and the loop over them.
#pragma once

#include "scorefield/sampler/concept.hpp"
#include "scorefield/sampler/euler_maruyama.hpp"
#include "scorefield/sampler/sample.hpp"
#include "scorefield/sampler/sample_batch.hpp"
#include "scorefield/sampler/time_grid.hpp"
