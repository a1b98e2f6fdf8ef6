/// What every room stands on.
#pragma once

#include "scorefield/core/chunks.hpp"
#include "scorefield/core/cpu_quota.hpp"
#include "scorefield/core/elementary.hpp"
#include "scorefield/core/error.hpp"
#include "scorefield/core/extent.hpp"
#include "scorefield/core/fused.hpp"
#include "scorefield/core/one_target.hpp"
#include "scorefield/core/packet.hpp"
#include "scorefield/core/parallel.hpp"
#include "scorefield/core/parameters.hpp"
#include "scorefield/core/product.hpp"
#include "scorefield/core/random.hpp"
#include "scorefield/core/sample_range.hpp"
#include "scorefield/core/settings.hpp"
#include "scorefield/core/types.hpp"
#include "scorefield/core/version.hpp"
