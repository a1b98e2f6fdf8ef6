/// Sources of the noise that is added to data, as policies.
#pragma once

#include "scorefield/objective/source/concept.hpp"
#include "scorefield/objective/source/data_source.hpp"
#include "scorefield/objective/source/normal_source.hpp"
