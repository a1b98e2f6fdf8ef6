/// The umbrella of core: types, errors, random numbers, SIMD, threads, ranks, products, Runge-Kutta steps, transport,
/// parameter layouts.
#pragma once

#include "scorefield/core/assignment.hpp"
#include "scorefield/core/chunks.hpp"
#include "scorefield/core/dormand_prince_pair.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/extent.hpp"
#include "scorefield/core/image_shape.hpp"
#include "scorefield/core/parallel/communicator.hpp"
#include "scorefield/core/parallel/parallel_for.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/rows_and_columns.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/simd/elementary.hpp"
#include "scorefield/core/simd/fused.hpp"
#include "scorefield/core/simd/packet.hpp"
#include "scorefield/core/sinkhorn.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/core/version.hpp"
