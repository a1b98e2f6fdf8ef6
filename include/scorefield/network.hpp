/// Networks, composed of layers.
#pragma once

#include "scorefield/network/concept.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/sequential.hpp"
