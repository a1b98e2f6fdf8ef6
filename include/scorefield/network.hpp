/// Networks, composed of layers.
#pragma once

#include "scorefield/network/concept.hpp"
#include "scorefield/network/mlp.hpp"
#include "scorefield/network/residual_mlp.hpp"
#include "scorefield/network/time_channel.hpp"
#include "scorefield/network/time_embedded.hpp"
#include "scorefield/network/tutorial_unet.hpp"
#include "scorefield/network/unet.hpp"
