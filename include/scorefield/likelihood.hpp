/// Likelihoods: log densities by the probability flow, their bound by the loss, bits per dimension, and latents.
#pragma once

#include "scorefield/likelihood/bits_per_dimension.hpp"
#include "scorefield/likelihood/latents.hpp"
#include "scorefield/likelihood/likelihood_bound.hpp"
#include "scorefield/likelihood/log_density.hpp"
