/// The version of the library: the one source that CMake and programs read.
#pragma once

#define SCOREFIELD_VERSION_MAJOR 0
#define SCOREFIELD_VERSION_MINOR 1
#define SCOREFIELD_VERSION_PATCH 0
