/// Couplings of data and noise, as policies.
#pragma once

#include "scorefield/objective/coupling/concept.hpp"
#include "scorefield/objective/coupling/independent_coupling.hpp"
#include "scorefield/objective/coupling/optimal_transport_coupling.hpp"
