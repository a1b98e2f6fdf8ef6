# How this project's own tests, benchmarks and examples are compiled. None of it reaches a user's target.
include(CheckCXXCompilerFlag)
include(CheckCXXSourceRuns)

# Compiles nothing twice where ccache is installed; the precompiled header of the tests has its own terms.
find_program(ccache ccache)
mark_as_advanced(ccache)
if(ccache AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
                                  CCACHE_SLOPPINESS=pch_defines,time_macros ${ccache})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  else()
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  endif()
endif()

add_library(scorefield_own INTERFACE)
list(TRANSFORM scorefield_parts PREPEND scorefield_ OUTPUT_VARIABLE parts)
target_link_libraries(scorefield_own INTERFACE scorefield ${parts})
target_compile_options(scorefield_own INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
# g++ 12 warns of its own header of AVX-512.
if(SCOREFIELD_ARCH MATCHES "native|v4" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(scorefield_own INTERFACE -Wno-maybe-uninitialized -Wno-uninitialized)
endif()

# Takes the sources that cannot be compiled, because a library that they need is missing, out of a list, and names them.
function(scorefield_leave_out_incomplete list)
  set(kept ${${list}})
  foreach(source IN LISTS ${list})
    foreach(header IN LISTS scorefield_missing_headers)
      file(STRINGS ${source} included REGEX "#include .${header}")
      if(included)
        message(WARNING "${source} is left out: what ${header} needs was not found; sh cmake/setup.sh installs it")
        list(REMOVE_ITEM kept ${source})
      endif()
    endforeach()
  endforeach()
  set(${list} ${kept} PARENT_SCOPE)
endfunction()

if(SCOREFIELD_ARCH)
  string(MAKE_C_IDENTIFIER "SCOREFIELD_RUNS_${SCOREFIELD_ARCH}" runs)
  if(CMAKE_CROSSCOMPILING)
    check_cxx_compiler_flag(-march=${SCOREFIELD_ARCH} ${runs})
  else()
    set(CMAKE_REQUIRED_FLAGS -march=${SCOREFIELD_ARCH})
    # A compiler builds for more than its machine can run.
    check_cxx_source_runs(
      "int main() {
       #ifdef __AVX2__
         if (!__builtin_cpu_supports(\"avx2\") || !__builtin_cpu_supports(\"fma\")) return 1;
       #endif
       #ifdef __AVX512F__
         if (!__builtin_cpu_supports(\"avx512f\")) return 1;
       #endif
         return 0;
       }"
      ${runs})
    unset(CMAKE_REQUIRED_FLAGS)
  endif()
  if(${runs})
    target_compile_options(scorefield_own INTERFACE -march=${SCOREFIELD_ARCH})
  else()
    message(STATUS "scorefield: this machine or compiler has no ${SCOREFIELD_ARCH}; using the compiler's default")
  endif()
endif()

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
